/**
 * One person has an account in two organizations, with the same email, number, password and devices. The attacker has a copy
 * of the database, without the secret, and compares the digests of the two organizations.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goodPassword } from '../contracts/general/sign-up.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';

const roster = setUpRoster();

const person = { email: 'ada@example.com', phone: '+15552001234' };

/** Everything of one account that is stored as a digest of what the person typed, or of where the person is. */
async function liveIn(tenant: Tenant): Promise<void> {
  const headers = { 'X-App-Id': tenant.app.appId };
  const call = async (request: string, json: object, session?: string) => {
    const reply = await roster.call(request, {
      headers,
      json,
      ...(session === undefined ? {} : { session }),
    });
    await roster.settle();
    return reply;
  };
  const user = { ...person, password: goodPassword, first_name: 'Ada', last_name: 'Lee' };
  const made = await call('POST /general/v1/users', { user });
  assert.equal(made.status, 201, made.text);
  const number = made.number('id');
  await call('POST /general/v1/users/confirmation', { user_id: number, confirmation_code: '000000' });
  const wrong = await call('POST /general/v1/sessions', {
    email: person.email,
    password: 'wrong-password-9',
  });
  assert.equal(wrong.status, 401);
  const entry = await call('POST /general/v1/sessions', { email: person.email, password: goodPassword });
  assert.equal(entry.status, 201, entry.text);
  // An address that no account has is counted too.
  await call('POST /general/v1/sessions', { email: 'nobody@example.com', password: goodPassword });
  await call('POST /general/v1/users/passwords', { email: person.email });
  await call(
    `PUT /general/v1/users/${number}`,
    { user: { email: 'ada.lee@example.com', current_password: goodPassword } },
    entry.string('token'),
  );
  const created = await roster.call('POST /sonar/v1/users', {
    bearer: tenant.apiKeys.admin,
    headers: { 'Idempotency-Key': 'the same key' },
    json: { email: 'the.same@example.com' },
  });
  assert.equal(created.status, 201, created.text);
}

/** The budgets of messages: a mailbox or a domain gets so many messages from all organizations together. */
const sharedOnPurpose = new Set(['messages.destination', 'message_hits.subject']);

test('no digest tells that a person of one organization is a person of the other one', async () => {
  const [first, second] = [await roster.addOrganization('First'), await roster.addOrganization('Second')];
  await liveIn(first);
  await liveIn(second);
  const seen = new Map<string, Set<unknown>>();
  const columns = new Set<string>();
  for (const table of await roster.rows.tables()) {
    for (const row of await roster.rows.all(table)) {
      if (row['org_key'] !== first.key && row['org_key'] !== second.key) continue;
      for (const [column, value] of Object.entries(row)) {
        if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{16,43}$/.test(value)) continue;
        columns.add(`${table}.${column}`);
        const key = `${table}.${column} ${value}`;
        seen.set(key, (seen.get(key) ?? new Set()).add(row['org_key']));
      }
    }
  }
  const equal = [...seen].filter(([, organizations]) => organizations.size > 1).map(([key]) => key);
  const shown = [...new Set(equal.map((key) => key.replace(/ .*/, '')))];
  assert.deepEqual(
    shown.filter((column) => !sharedOnPurpose.has(column)),
    [],
  );
  // The scenario reaches every digest of an account.
  for (const column of [
    'throttle_hits.subject',
    'login_failures.subject',
    'known_networks.network',
    'idempotency.key_digest',
  ])
    assert.ok(columns.has(column), `no row has ${column}: ${[...columns]}`);
});
