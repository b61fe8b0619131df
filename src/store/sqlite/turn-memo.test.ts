import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TurnMemo } from './turn-memo.ts';

test('what was read is known in the same turn, also after others have waited in it, and not in the next', async () => {
  const memo = new TurnMemo();
  for (let round = 0; round < 3; round++) {
    assert.equal(memo.get('a'), undefined);
    memo.keep('a', round);
    await Promise.resolve();
    memo.keep('b', -round);
    assert.equal(memo.get('a'), round);
    assert.equal(memo.get('b'), -round);
    await turn();
    assert.equal(memo.get('b'), undefined);
  }
});
