import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { users } from '../../../test/support/arbitraries.ts';
import { needsAdmin, type ProfileChange, readProfile, withoutEchoes } from './profile-fields.ts';
import type { User } from './user.ts';

const context = {
  email: 'jane@example.com',
  now: Date.UTC(2026, 0, 1),
  takesUnicode: true,
  isCommonPassword: false,
};

/** The change that a client sends when it returns everything it was shown. */
function whole(user: User): ProfileChange {
  const { email, firstName, lastName, phone, dateOfBirth, language, role, isClinical, status } = user;
  return {
    ...{ email, firstName, lastName, phone, dateOfBirth, language, role },
    isActive: status !== 'inactive',
    isClinical,
  };
}

const [someone] = fc.sample(users, 1);
assert.ok(someone);
const user: User = {
  ...someone,
  email: 'jane@example.com',
  role: 'parent',
  status: 'active',
  isClinical: false,
  isTemplate: false,
};

describe('a change of an account', () => {
  test('is empty when any user is sent back whole, also with empty fields', () => {
    fc.assert(
      fc.property(users, (each) => {
        const change = withoutEchoes(whole(each), each);
        assert.deepEqual(change, {});
        assert.equal(needsAdmin(change), false);
        assert.deepEqual(readProfile(change, context).faults, []);
      }),
    );
  });

  test('keeps what differs from what is shown', () => {
    const change = withoutEchoes({ ...whole(user), firstName: 'Ana', phone: '+1-555-123-4567' }, user);
    assert.deepEqual(Object.keys(change).sort(), ['firstName', 'phone']);
  });

  test('may not empty the fields that every user has', () => {
    const { faults } = readProfile({ email: null, firstName: '', lastName: ' ', language: null }, context);
    assert.deepEqual(
      faults.map(({ field, fault }) => `${field} ${fault}`),
      ['email blank', 'firstName blank', 'lastName blank', 'language blank'],
    );
  });

  test('may clear phone and date of birth', () => {
    const { values, faults } = readProfile({ phone: null, dateOfBirth: null }, context);
    assert.deepEqual(faults, []);
    assert.equal(values.phone, null);
    assert.equal(values.dateOfBirth, null);
    assert.equal(values.firstName, undefined);
  });

  test('reports every fault together', () => {
    const { faults } = readProfile(
      {
        email: 'x',
        password: 'short',
        firstName: 1,
        phone: '5',
        dateOfBirth: '2999-01-01',
        language: '!',
        role: 'owner',
        isActive: 'yes',
        isClinical: 1,
        isTemplate: 'no',
        isNativeSignup: {},
      },
      context,
    );
    assert.equal(faults.length, 11);
    assert.equal(new Set(faults.map(({ field }) => field)).size, 11);
  });

  test('compares a new password with the new email, or else with the present one', () => {
    const sameAsEmail = [{ field: 'password', fault: 'same_as_email' }];
    assert.deepEqual(readProfile({ password: 'jane@example.com' }, context).faults, sameAsEmail);
    const both = { email: 'ana@example.com', password: 'ana@example.com' };
    assert.deepEqual(readProfile(both, context).faults, sameAsEmail);
    assert.deepEqual(readProfile({ ...both, password: 'jane@example.com' }, context).faults, []);
  });
});

describe('what only an admin changes', () => {
  const changes: readonly ProfileChange[] = [
    { role: 'admin' },
    { role: 'nonsense' },
    { isActive: false },
    { isTemplate: true },
    { isClinical: true },
  ];
  for (const change of changes) {
    test(`includes ${JSON.stringify(change)}`, () => {
      assert.equal(needsAdmin(withoutEchoes(change, user)), true);
    });
  }

  test('does not include a value that is shown already', () => {
    const present = { role: 'parent', isActive: true, isTemplate: false, isClinical: false };
    assert.equal(needsAdmin(withoutEchoes(present, user)), false);
  });
});
