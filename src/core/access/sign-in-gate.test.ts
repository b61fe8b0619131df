import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as soon } from 'node:timers/promises';
import { SignInGate } from './sign-in-gate.ts';

/** Guesses at one account: `free` wrong ones are checked, and all later ones are refused. */
function createAccount(free: number) {
  const state = { wrong: 0, running: 0, started: 0, most: 0 };
  return {
    state,
    async room(): Promise<number> {
      const seen = state.wrong;
      await soon();
      if (seen >= free) throw new Error('wait');
      return free - seen;
    },
    async guess(): Promise<void> {
      state.started += 1;
      state.running += 1;
      state.most = Math.max(state.most, state.running + state.wrong);
      // Each takes a different time, so that ends and starts of checks interleave.
      for (let turn = 0; turn < (state.started * 7) % 5; turn += 1) await soon();
      state.wrong += 1;
      state.running -= 1;
    },
  };
}

describe('the gate in front of password checks', () => {
  for (const free of [1, 2, 5]) {
    test(`of 60 parallel wrong guesses no more than ${free} are checked`, async () => {
      const gate = new SignInGate();
      const { state, room, guess } = createAccount(free);
      const ends = await Promise.allSettled(Array.from({ length: 60 }, () => gate.pass('a', room, guess)));
      assert.equal(state.started, free);
      assert.equal(state.most, free);
      assert.equal(ends.filter(({ status }) => status === 'rejected').length, 60 - free);
    });
  }

  test('right passwords are checked at the same time up to the limit, and all are accepted', async () => {
    const gate = new SignInGate();
    let running = 0;
    let most = 0;
    const check = async (): Promise<string> => {
      running += 1;
      most = Math.max(most, running);
      await soon();
      await soon();
      running -= 1;
      return 'in';
    };
    const ends = await Promise.all(Array.from({ length: 40 }, () => gate.pass('a', async () => 5, check)));
    assert.equal(ends.filter((end) => end === 'in').length, 40);
    assert.equal(most, 5);
  });

  test('with a limit of zero or less one check still runs at a time', async () => {
    const gate = new SignInGate();
    let running = 0;
    let most = 0;
    const check = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await soon();
      running -= 1;
    };
    await Promise.all(Array.from({ length: 5 }, () => gate.pass('a', async () => -3, check)));
    assert.equal(most, 1);
  });

  test('accounts do not wait for each other', async () => {
    const gate = new SignInGate();
    const blocked = Promise.withResolvers<void>();
    const first = gate.pass(
      'a',
      async () => 1,
      () => blocked.promise,
    );
    assert.equal(
      await gate.pass(
        'b',
        async () => 1,
        async () => 'through',
      ),
      'through',
    );
    blocked.resolve();
    await first;
  });

  test('after a failed check or a refused caller the next caller runs', async () => {
    const gate = new SignInGate();
    const fail = async (): Promise<never> => {
      throw new Error('wrong');
    };
    await assert.rejects(
      gate.pass('a', async () => 1, fail),
      /wrong/,
    );
    await assert.rejects(
      gate.pass('a', fail, async () => 'never'),
      /wrong/,
    );
    assert.equal(
      await gate.pass(
        'a',
        async () => 1,
        async () => 'through',
      ),
      'through',
    );
  });
});
