import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenKeys } from './seen-keys.ts';

test('only the keys that were added are known, however many there are', () => {
  const seen = new SeenKeys();
  const count = 50_000;
  for (let at = 0; at < count; at++) {
    assert.equal(seen.has(`key ${at}`), false);
    seen.add(`key ${at}`);
    seen.add(`key ${at}`);
  }
  for (let at = 0; at < count; at++) assert.equal(seen.has(`key ${at}`), true);
  for (let at = 0; at < count; at++) assert.equal(seen.has(`other ${at}`), false);
});
