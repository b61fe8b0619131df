import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { users } from '../../../test/support/arbitraries.ts';
import { readExternalId } from '../../core/directory/user-fields.ts';
import { parseHumanId } from '../../core/ids.ts';
import { parseInstant } from '../../core/time.ts';
import { toHumanUser, toHumanUserJson } from './present.ts';
import { userExamples, userSchema } from './schemas.ts';

describe('a user as humanapi shows one', () => {
  test("has the document's keys in the document's order, and fits the schema of the reference", () => {
    fc.assert(
      fc.property(users, (user) => {
        const shown = toHumanUser(user);
        assert.deepEqual(Object.keys(shown), Object.keys(userExamples[0]));
        assert.ok(Value.Check(userSchema, shown));
      }),
    );
  });

  test('has the same text in a list and alone', () => {
    fc.assert(
      fc.property(users, (user) => {
        assert.equal(toHumanUserJson(user), JSON.stringify(toHumanUser(user)));
      }),
    );
  });

  test('can be parsed back without loss', () => {
    fc.assert(
      fc.property(users, (user) => {
        const shown = toHumanUser(user);
        assert.equal(parseHumanId(shown.humanId), user.id);
        assert.equal(parseInstant(shown.createdAt), user.createdAt);
        assert.equal(parseInstant(shown.updatedAt), user.updatedAt);
        if (user.externalId === null) assert.equal(shown.externalId, null);
        else assert.deepEqual(readExternalId(shown.externalId), { value: user.externalId });
      }),
    );
  });
});
