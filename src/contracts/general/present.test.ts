import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { users } from '../../../test/support/arbitraries.ts';
import { parseInstant } from '../../core/time.ts';
import { userExample } from './examples.ts';
import { presentConfirmed, presentList, presentUser } from './present.ts';
import { userListSchema, userSchema } from './schemas.ts';

describe('a user as general shows one', () => {
  test("has the document's keys in the document's order, and fits the schema of the reference", () => {
    fc.assert(
      fc.property(users, (user) => {
        const shown = presentUser(user);
        assert.deepEqual(Object.keys(shown), Object.keys(userExample));
        assert.ok(Value.Check(userSchema, shown));
      }),
    );
  });

  test('can be parsed back without loss, times to the millisecond', () => {
    fc.assert(
      fc.property(users, (user) => {
        const shown = presentUser(user);
        assert.equal(shown.id, user.number);
        assert.equal(parseInstant(shown.created_at), user.createdAt);
        assert.equal(parseInstant(shown.updated_at), user.updatedAt);
        assert.match(shown.created_at, /\.\d{3}Z$/);
        assert.equal(shown.active, user.status !== 'inactive');
        assert.equal(shown.confirmed, user.confirmedAt !== null);
      }),
    );
  });

  test('shows the wish to be clinical, and not its approval', () => {
    fc.assert(
      fc.property(users, (user) => {
        assert.equal(presentUser(user).clinical, user.isClinical);
        const approved = { ...user, isClinicalApproved: true };
        const unapproved = { ...user, isClinicalApproved: false };
        assert.deepEqual(presentUser(unapproved), presentUser(approved));
      }),
    );
  });

  test('has three fields in the answer to a confirmation', () => {
    fc.assert(
      fc.property(users, (user) => {
        const { id, email, confirmed } = presentUser(user);
        assert.deepEqual(presentConfirmed(null, user), { id, email, confirmed });
      }),
    );
  });
});

describe('a page of users', () => {
  const pages: readonly (readonly [total: number, size: number, pages: number])[] = [
    [0, 50, 0],
    [1, 50, 1],
    [50, 50, 1],
    [51, 50, 2],
    [10_000_000, 100, 100_000],
  ];
  for (const [total, size, count] of pages) {
    test(`of ${size} counts ${count} pages for ${total} users`, () => {
      const list = presentList({ userId: '' }, { items: [], total, page: { page: 3, size } });
      assert.deepEqual(list, { users: [], meta: { page: 3, page_size: size, total, total_pages: count } });
      assert.ok(Value.Check(userListSchema, list));
    });
  }
});
