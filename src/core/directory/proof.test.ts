import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { users } from '../../../test/support/arbitraries.ts';
import { hasClaimedEmail, isHigherRole, proofFault, withEndedProofs } from './proof.ts';
import type { User } from './user.ts';

const [someone] = fc.sample(users, 1);
assert.ok(someone);
const claimant: User = {
  ...someone,
  email: 'Jane@example.com',
  phoneE164: '+15551234567',
  role: 'parent',
  isClinicalApproved: false,
  isSelfRegistered: true,
  emailProvedAt: null,
  requestedEmail: null,
};

describe('a proof', () => {
  test('ends with the address that it is for, and with no other change', () => {
    const ended = (changes: Partial<User>) => withEndedProofs(claimant, changes);
    assert.deepEqual(ended({ email: 'ann@example.com' }), { email: 'ann@example.com', emailProvedAt: null });
    assert.deepEqual(ended({ email: null }), { email: null, emailProvedAt: null });
    assert.deepEqual(ended({ phoneE164: null }), { phoneE164: null, phoneProvedAt: null });
    const changes = { email: 'JANE@EXAMPLE.com', phoneE164: '+15551234567', firstName: 'Ann' };
    assert.deepEqual(ended(changes), changes);
    assert.deepEqual(ended({ email: 'ann@example.com', emailProvedAt: 5 }), {
      email: 'ann@example.com',
      emailProvedAt: 5,
    });
  });

  test('is asked of users who have an email', () => {
    assert.deepEqual(proofFault(claimant), { field: 'email', fault: 'unproved' });
    assert.equal(proofFault({ ...claimant, emailProvedAt: 1 }), null);
    assert.equal(proofFault({ ...claimant, email: null }), null);
    const unproved = { field: 'email', fault: 'unproved' };
    assert.deepEqual(proofFault({ ...claimant, email: null, requestedEmail: 'a@b.example' }), unproved);
  });

  test('is what a claimed email lacks', () => {
    assert.equal(hasClaimedEmail(claimant), true);
    for (const other of [
      { emailProvedAt: 1 },
      { email: null },
      { isSelfRegistered: false },
      { role: 'member' },
      { isClinicalApproved: true },
    ] as const) {
      assert.equal(hasClaimedEmail({ ...claimant, ...other }), false, JSON.stringify(other));
    }
  });
});

test('a role is higher than those before it', () => {
  assert.ok(isHigherRole('member', 'parent') && isHigherRole('admin', 'member'));
  assert.ok(!isHigherRole('member', 'member') && !isHigherRole('parent', 'admin'));
});
