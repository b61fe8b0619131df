import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parserOf } from './connection.ts';

test('a whole number of more than 53 bits is refused, because it would be rounded', () => {
  const parse = parserOf(20);
  assert.equal(parse('9007199254740991'), Number.MAX_SAFE_INTEGER);
  assert.equal(parse('-5'), -5);
  for (const text of ['9007199254740993', String(2n ** 62n)]) assert.throws(() => parse(text), /53 bits/);
});
