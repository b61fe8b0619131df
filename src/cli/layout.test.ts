import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pairs, table } from './layout.ts';

describe('text for people', () => {
  test('columns are aligned and lines end with their last letter', () => {
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

  test('what users wrote cannot move the cursor of whoever reads it', () => {
    assert.equal(pairs([['name', 'a\u001b[2Jb\r\nc']]), 'name  a [2Jb c');
  });
});
