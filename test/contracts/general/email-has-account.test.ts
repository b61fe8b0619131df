import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask, Reply } from '../../support/server/http.ts';
import { openLedger } from '../../support/server/ledger.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { appNotFound } from './sign-up.ts';

describe('POST /v1/users/email_has_account', () => {
  const roster = setUpRoster();

  before(async () => {
    await addPerson(roster, { email: 'Jane@example.com' });
  });

  const has = (email: unknown, ask: Ask = {}): Promise<Reply> =>
    roster.call('POST /general/v1/users/email_has_account', { json: { email }, ...ask });

  test('tells whether an address has an account, in any case and with any blanks', async () => {
    const ledger = await openLedger(roster);
    for (const [email, expected] of [
      ['Jane@example.com', true],
      [' JANE@EXAMPLE.COM ', true],
      ['john@example.com', false],
      ['no address at all', false],
    ] as const) {
      const reply = await has(email);
      assert.deepEqual([reply.status, reply.body], [200, { has_account: expected }], email);
    }
    await ledger.expect({});
  });

  test('the address may be inside `user`', async () => {
    const json = { user: { email: 'jane@example.com' } };
    const reply = await roster.call('POST /general/v1/users/email_has_account', { json });
    assert.deepEqual([reply.status, reply.body], [200, { has_account: true }]);
  });

  test('an email that is missing or not a text is reported', async () => {
    for (const [email, text] of [
      [undefined, "can't be blank"],
      [null, "can't be blank"],
      ['  ', "can't be blank"],
      [5, 'is invalid'],
      ['a\0@example.com', 'is invalid'],
    ] as const) {
      const reply = await has(email);
      assert.deepEqual([reply.status, reply.body], [422, { errors: { email: [text] } }]);
    }
  });

  test('accounts of another organization are found only through its own apps and sessions', async () => {
    const tenant = await roster.addOrganization();
    const person = await addPerson(roster, { email: 'far@example.com' }, tenant);
    assert.equal((await has('far@example.com')).at('has_account'), false);
    const headers = { 'X-App-Id': tenant.app.appId };
    assert.equal((await has('far@example.com', { headers })).at('has_account'), true);
    assert.equal((await has('Jane@example.com', { headers })).at('has_account'), false);
    const { session } = person;
    assert.equal((await has('far@example.com', { session })).at('has_account'), true);
    const unknown = await has('far@example.com', { headers: { 'X-App-Id': 'x' } });
    assert.deepEqual([unknown.status, unknown.body], [404, appNotFound]);
  });

  test('a deployment that has switched this off always answers no', async () => {
    const silent = await startRoster({ env: { ROSTER_TELL_ACCOUNTS: 'off' } });
    try {
      await addPerson(silent, { email: 'jane@example.com' });
      const json = { email: 'jane@example.com' };
      const reply = await silent.call('POST /general/v1/users/email_has_account', { json });
      assert.deepEqual([reply.status, reply.body], [200, { has_account: false }]);
    } finally {
      await silent.close();
    }
  });
});
