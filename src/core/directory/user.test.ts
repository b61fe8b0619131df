import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../errors.ts';
import { hourMs } from '../time.ts';
import {
  fullNameOf,
  isActiveAdmin,
  nextStatus,
  restoreEvent,
  scoreStatusOf,
  splitFullName,
  type UserEvent,
  type UserStatus,
  userRoles,
  userStatuses,
} from './user.ts';

describe('the life of a user', () => {
  const edges: readonly (readonly [UserStatus, UserEvent, UserStatus])[] = [
    ['pending', 'activate', 'active'],
    ['pending', 'cancel', 'inactive'],
    ['active', 'cancel', 'inactive'],
    ['inactive', 'restore_active', 'active'],
    ['inactive', 'restore_pending', 'pending'],
  ];
  const events: readonly UserEvent[] = ['activate', 'cancel', 'restore_active', 'restore_pending'];

  for (const from of userStatuses) {
    for (const event of events) {
      const edge = edges.find((each) => each[0] === from && each[1] === event);
      if (edge !== undefined) {
        test(`${from} becomes ${edge[2]} by ${event}`, () => assert.equal(nextStatus(from, event), edge[2]));
        continue;
      }
      test(`${from} does not take ${event}`, () => {
        assert.throws(
          () => nextStatus(from, event),
          (error) => error instanceof DomainError && error.code === 'wrong_state',
        );
      });
    }
  }

  test('a cancelled user goes back to what it was', () => {
    assert.equal(nextStatus('inactive', restoreEvent({ wasActive: true })), 'active');
    assert.equal(nextStatus('inactive', restoreEvent({ wasActive: false })), 'pending');
  });

  test('only an active admin is an active admin', () => {
    for (const role of userRoles) {
      for (const status of userStatuses) {
        assert.equal(isActiveAdmin({ role, status }), role === 'admin' && status === 'active');
      }
    }
  });
});

describe('the score state', () => {
  const now = Date.UTC(2026, 0, 1);

  test('is calibrating until there is a score, however fresh the sync', () => {
    assert.equal(scoreStatusOf({ lastSyncAt: now, lastScoreAt: null }, now), 'calibrating');
  });

  test('follows the last sync for 72 hours, to the millisecond', () => {
    const lastScoreAt = now - 1_000 * hourMs;
    const fresh = { lastSyncAt: now - 72 * hourMs + 1, lastScoreAt };
    assert.equal(scoreStatusOf(fresh, now), 'ready');
    assert.equal(scoreStatusOf(fresh, now + 1), 'stale');
  });

  test('follows the score where there never was a sync', () => {
    const scored = { lastSyncAt: null, lastScoreAt: now };
    assert.equal(scoreStatusOf(scored, now + 72 * hourMs - 1), 'ready');
    assert.equal(scoreStatusOf(scored, now + 72 * hourMs), 'stale');
  });
});

describe('names', () => {
  test('a name is split at its last blank, and joining gives it back', () => {
    assert.deepEqual(splitFullName('Mary Jane Smith'), { firstName: 'Mary Jane', lastName: 'Smith' });
    assert.deepEqual(splitFullName('Cher'), { firstName: 'Cher', lastName: null });
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        const name = text.trim();
        fc.pre(name !== '');
        assert.equal(fullNameOf(splitFullName(name)), name);
      }),
    );
  });

  test('a user with half a name shows that half, and one without shows none', () => {
    assert.equal(fullNameOf({ firstName: null, lastName: 'Doe' }), 'Doe');
    assert.equal(fullNameOf({ firstName: 'John', lastName: null }), 'John');
    assert.equal(fullNameOf({ firstName: null, lastName: null }), null);
  });
});
