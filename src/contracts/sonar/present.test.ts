import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { instants, users } from '../../../test/support/arbitraries.ts';
import { readExternalId, readReportTime, readTimezone } from '../../core/directory/user-fields.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { hourMs, secondMs } from '../../core/time.ts';
import { toSonarUser, toUserAnswer, toUserListJson } from './present.ts';
import { userAnswerSchema, userExample, userListSchema } from './schemas.ts';

describe('a user as sonar shows one', () => {
  test("has the document's keys in the document's order", () => {
    fc.assert(
      fc.property(users, instants, (user, now) => {
        assert.deepEqual(Object.keys(toSonarUser(user, now)), Object.keys(userExample));
      }),
    );
  });

  test('and a list fit the schemas of the reference', () => {
    fc.assert(
      fc.property(users, instants, (user, now) => {
        assert.ok(Value.Check(userAnswerSchema, toUserAnswer(user, now)));
        const list = { data: [toSonarUser(user, now)], meta: { page: 1, per_page: 20, total: 84 } };
        assert.ok(Value.Check(userListSchema, list));
      }),
    );
  });

  test('has the same text in a list and alone', () => {
    fc.assert(
      fc.property(fc.array(users, { maxLength: 3 }), instants, (items, now) => {
        const text = toUserListJson({ items, total: 84, page: { page: 2, size: 20 } }, now);
        const data = items.map((user) => toSonarUser(user, now));
        assert.equal(text, JSON.stringify({ data, meta: { page: 2, per_page: 20, total: 84 } }));
      }),
    );
  });

  test('can be parsed back without loss, times to the second', () => {
    fc.assert(
      fc.property(users, instants, (user, now) => {
        const shown = toSonarUser(user, now);
        assert.equal(parseUserIdText(shown.id), user.id);
        assert.deepEqual(readTimezone(shown.timezone), { value: user.timezone });
        assert.deepEqual(readReportTime(shown.created_at, Number.MAX_SAFE_INTEGER), {
          value: user.createdAt - (user.createdAt % secondMs),
        });
        if (user.externalId === null) assert.equal(shown.reference_id, null);
        else assert.deepEqual(readExternalId(shown.reference_id), { value: user.externalId });
      }),
    );
  });

  const now = Date.UTC(2025, 0, 20, 9);
  const at = (hours: number | null) => (hours === null ? null : now - hours * hourMs);
  const states: readonly (readonly [sync: number | null, score: number | null, state: string])[] = [
    [null, null, 'calibrating'],
    [1, null, 'calibrating'],
    [1, 1, 'ready'],
    [71.999, 500, 'ready'],
    [72, 1, 'stale'],
    [null, 71.999, 'ready'],
    [null, 72, 'stale'],
  ];
  for (const [sync, score, state] of states) {
    test(`is ${state} with a sync ${sync} and a score ${score} hours ago`, () => {
      const [user] = fc.sample(users, 1);
      assert.ok(user);
      const shown = toSonarUser({ ...user, lastSyncAt: at(sync), lastScoreAt: at(score) }, now);
      assert.equal(shown.score_status, state);
    });
  }
});
