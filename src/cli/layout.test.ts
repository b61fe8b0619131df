import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counted, pairs, table } from './layout.ts';

describe('text for people', () => {
  test('columns are aligned, and no line ends with a space', () => {
    const text = table(
      ['id', 'name'],
      [
        ['1', 'A long name'],
        ['100', 'B'],
      ],
      'None.',
    );
    assert.deepEqual(text.split('\n'), ['ID   NAME', '1    A long name', '100  B']);
  });

  test('a table without rows is a sentence', () => {
    assert.equal(table(['id'], [], 'There are none.'), 'There are none.');
  });

  test("text that users wrote cannot move the reader's cursor", () => {
    assert.equal(pairs([['name', 'a\u001b[2Jb\r\nc']]), 'name  a [2Jb c');
  });

  test('numbers have separators, and nouns their plural', () => {
    assert.equal(counted(0, 'user'), '0 users');
    assert.equal(counted(1, 'row'), '1 row');
    assert.equal(counted(12_345_678, 'user'), '12,345,678 users');
  });
});
