import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskAccount } from './masked-account.ts';

const user = { id: '0123456789abcdef0123456789abcdef', email: null, emailProvedAt: null, externalId: null };
const nameOf = (known: Partial<Parameters<typeof maskAccount>[0]>): string =>
  maskAccount({ ...user, ...known }).name;

test('an email shows its first letters and its last label', () => {
  assert.equal(nameOf({ email: 'john@example.com' }), 'j***@e***.com');
  assert.equal(nameOf({ email: 'J.Doe@mail.clinic.example.co.uk' }), 'J***@m***.uk');
  assert.equal(nameOf({ email: 'j@localhost' }), 'j***@l***');
  assert.equal(nameOf({ email: '"a@b"@x.org' }), '"***@x***.org');
  assert.equal(nameOf({ email: '𝒿ohn@bücher.example' }), '𝒿***@b***.example');
});

test('without an email the end of a reference is shown, and never more than half of it', () => {
  assert.equal(nameOf({ externalId: 'patient-000174' }), '…0174');
  assert.equal(nameOf({ externalId: 'abcd' }), '…cd');
  assert.equal(nameOf({ externalId: 'a' }), '…a');
  assert.equal(nameOf({}), '…cdef');
});

test('it says where the email is unproved', () => {
  assert.equal(maskAccount({ ...user, email: 'a@b.org' }).isUnproved, true);
  assert.equal(maskAccount({ ...user, email: 'a@b.org', emailProvedAt: 1 }).isUnproved, false);
});
