import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRefusal } from '../errors.ts';
import { isOpen, nextRevocationState, type RevocationEvent, revocationStates } from './revocation.ts';

test('a grant is open while it is pending or overdue: an overdue one has not ended', () => {
  const open = revocationStates.filter((state) => isOpen({ state }));
  assert.deepEqual(open, ['pending', 'overdue']);
});

test('nothing but the word of the provider confirms, and what has ended stays as it is', () => {
  const events: readonly RevocationEvent[] = ['retry', 'confirm', 'miss', 'reopen', 'abandon'];
  const life = revocationStates.map((state) =>
    events.map((event) => {
      try {
        return nextRevocationState(state, event);
      } catch (error) {
        assert.ok(isRefusal(error, 'wrong_state'));
        return null;
      }
    }),
  );
  assert.deepEqual(life, [
    ['pending', 'confirmed', 'overdue', null, 'abandoned'],
    [null, null, null, null, null],
    ['overdue', 'confirmed', null, 'pending', 'abandoned'],
    [null, null, null, null, null],
  ]);
});
