import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { placeholderText } from '../../src/pages/fill-text.ts';
import { en } from '../../web/console/texts/en.ts';
import { es } from '../../web/console/texts/es.ts';

/** Every text by its path. */
function textsOf(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  assert.ok(typeof value === 'object' && value !== null, path);
  return Object.entries(value).flatMap(([key, each]) => textsOf(each, `${path}.${key}`));
}

const placeholders = (text: string): string[] =>
  [...text.matchAll(placeholderText)].map(([, name = '']) => name).sort();

describe('the texts of the console', () => {
  const english = textsOf(en);
  const spanish = new Map(textsOf(es));

  test('have a Spanish text for each English one, with the same values in it', () => {
    assert.deepEqual(
      [...spanish.keys()],
      english.map(([path]) => path),
    );
    for (const [path, text] of english) {
      assert.deepEqual(placeholders(spanish.get(path) ?? ''), placeholders(text), path);
    }
  });

  test('are not empty, and are not the English ones', () => {
    const same = english.filter(([path, text]) => spanish.get(path) === text).map(([path]) => path);
    assert.deepEqual(same, ['.name', '.no']);
    for (const [path, text] of spanish) assert.notEqual(text.trim(), '', path);
  });
});
