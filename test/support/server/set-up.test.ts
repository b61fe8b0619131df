import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { setUp } from './set-up.ts';

/** Declares two values of which the second needs the first. */
function setUpPair() {
  const first = setUp(async () => {
    await sleep(5);
    return { name: 'first' };
  });
  return { first, second: setUp(() => ({ name: `after ${first.name}` })) };
}

const outside = setUpPair();

test('values outside of a suite are made one after the other', () => {
  assert.equal(outside.second.name, 'after first');
});

describe('a set-up', () => {
  const { first, second } = setUpPair();
  assert.throws(() => first.name, /used before the first test/);

  test('makes the values of a suite one after the other', () => {
    assert.equal(second.name, 'after first');
  });

  test('returns a value that is read, copied and compared like the object itself', () => {
    assert.deepEqual({ ...first }, { name: 'first' });
    assert.deepEqual(first, { name: 'first' });
    assert.ok('name' in first);
    assert.equal(JSON.stringify(first), '{"name":"first"}');
  });
});
