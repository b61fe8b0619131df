/** A person with rows in every table that can have data of a person. */
import assert from 'node:assert/strict';
import { operatorAt } from '../../src/core/access/principal.ts';
import { applyChanges } from '../../src/core/directory/user-lifecycle.ts';
import { askToken } from '../connect-page/connect-calls.ts';
import type { Doors } from '../journeys/doors.ts';
import { type Handles, strongPassword } from '../support/contracts/door.ts';
import { testDoor } from '../support/server/start.ts';

export interface KnownPerson extends Handles {
  readonly email: string;
  readonly externalId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly phone: string;
  readonly requestedEmail: string;
  /** A session token of `general`, one of Connect, and the links of emails. */
  readonly session: string;
  readonly connectToken: string;
  readonly code: string;
  readonly resetToken: string;
}

const numbers = Array.from({ length: 90 }, (_, index) => `+1415555${String(2600 + index)}`);

/**
 * Signs up, signs in with a right and a wrong password, asks for a new password, opens Connect and goes to a
 * provider.
 */
export async function addKnownPerson(doors: Doors, mark: string): Promise<KnownPerson> {
  const { roster, tenant } = doors;
  const user = await doors.identify(await doors.general.make(mark));
  const email = `${mark}@example.com`;
  const headers = { 'x-app-id': tenant.app.appId };
  const { code = '' } = await roster.lastMessage(email);
  const known = {
    externalId: `ext-${mark}`,
    firstName: `Aurelia ${mark}`,
    lastName: `Montague ${mark}`,
    phone: numbers.pop() ?? '',
    requestedEmail: `requested-by-${mark}@example.com`,
  };
  await roster.core.work.change(tenant.key, async (tx) => {
    const found = await tx.users.lock({ id: user.humanId });
    assert.ok(found);
    await applyChanges(roster.core, tx, operatorAt(testDoor, tenant.key), found, known, null);
  });
  const signIn = (password: string) =>
    roster.call('POST /general/v1/sessions', { headers, json: { email, password } });
  assert.equal((await signIn('not the password')).status, 401);
  assert.equal(
    (await roster.call('POST /general/v1/users/passwords', { headers, json: { email } })).status,
    200,
  );
  await roster.settle();
  const messages = await roster.outbox(email);
  const { token: resetToken = '' } = messages.find(({ template }) => template === 'password_reset') ?? {};
  const session = (await signIn(strongPassword)).string('token');
  assert.equal((await signIn('not the password')).status, 401);
  const connect = await askToken(roster, { type: 'session', client_user_id: known.externalId }, tenant.app);
  assert.equal(connect.string('human_id'), user.humanId);
  const asked = await roster.call(`POST /sonar/v1/users/${user.userId}/devices`, {
    bearer: tenant.apiKeys.member,
    headers: { 'idempotency-key': `device of ${mark}` },
    json: { provider: 'demo' },
  });
  assert.equal(asked.status, 200, asked.text);
  return {
    ...user,
    ...known,
    email,
    session,
    connectToken: connect.string('session_token'),
    code,
    resetToken,
  };
}

/** Every text that identifies only this person. */
export function textsOf(person: KnownPerson): readonly string[] {
  const { email, requestedEmail, externalId, firstName, lastName, phone } = person;
  return [email, requestedEmail, externalId, firstName, lastName, phone];
}
