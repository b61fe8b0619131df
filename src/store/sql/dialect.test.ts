import assert from 'node:assert/strict';
import { test } from 'node:test';
import { postgresDialect } from './dialect.ts';

const taken = (message: string, fields: object = {}): Error =>
  Object.assign(new Error(message), { code: '23505', ...fields });
const says = (name: string): string => `duplicate key value violates unique constraint "${name}"`;

test('a taken key is told by the name of its constraint, from the message where the field is absent', () => {
  const { isTaken } = postgresDialect;
  const key = 'users_email_canonical';
  assert.ok(isTaken(taken('', { constraint: key }), 'users', 'email_canonical'));
  // A table on several machines adds the number of its part.
  assert.ok(isTaken(taken('', { constraint: `${key}_102040` }), 'users', 'email_canonical'));
  assert.ok(isTaken(taken(says(key)), 'users', 'email_canonical'));
  assert.ok(isTaken(taken(says(`${key}_102040`)), 'users', 'email_canonical'));
  assert.ok(!isTaken(taken(says('users_email_canonical_old')), 'users', 'email_canonical'));
  assert.ok(!isTaken(taken(says('users_external_id_102040')), 'users', 'email_canonical'));
  assert.ok(!isTaken(taken('no name at all'), 'users', 'email_canonical'));
  assert.ok(!isTaken(Object.assign(new Error(says(key)), { code: '23503' }), 'users', 'email_canonical'));
});
