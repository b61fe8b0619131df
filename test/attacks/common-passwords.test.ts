/** An attacker tries simple changes of common passwords. No way to set a password takes one, so no account has one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signUp, signUpBody, tokenOf } from '../contracts/general/sign-up.ts';
import type { Reply } from '../support/server/http.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';

const guesses = [
  ...['Password1!', 'Summer2026!', 'P@ssw0rd123', 'aaaaaaaaaa', 'Qwertyuiop1!', 'abcabcabc'],
  // Letters written several times, and Cyrillic ones that look like Latin ones.
  ...['Passssword', 'sunshiiine', 'p\u{430}ssw\u{43e}rd1'],
];
const refusal = { errors: { password: ['is too common'] } };

describe('no account has a simple change of a common password', () => {
  const roster = setUpRoster();
  const person = setUp(() => signUp(roster));
  const path = '/general/v1/users';

  async function expectRefusals(set: (password: string) => Promise<Reply>): Promise<void> {
    for (const guess of guesses) {
      const reply = await set(guess);
      assert.deepEqual([reply.status, reply.body], [422, refusal], guess);
    }
  }

  test('at the sign-up', () =>
    expectRefusals((password) => roster.call(`POST ${path}`, { json: signUpBody({ password }) })));

  test('by a change of the own password', () =>
    expectRefusals((password) =>
      roster.call(`PUT ${path}/${person.number}`, { session: person.session, json: { user: { password } } }),
    ));

  test('by a reset', async () => {
    await roster.call(`POST ${path}/passwords`, { json: { email: person.email } });
    const token = await tokenOf(roster, person.email);
    await expectRefusals((password) =>
      roster.call(`POST ${path}/passwords/reset`, { json: { token, password } }),
    );
  });

  test('by an invitation', async () => {
    const email = 'invited@example.com';
    const { admin: bearer } = roster.organization.apiKeys;
    await roster.call('POST /organization/api/v1/users', { bearer, json: { email, name: 'Jane Smith' } });
    const token = await tokenOf(roster, email);
    await expectRefusals((password) =>
      roster.call(`POST ${path}/passwords/reset`, { json: { token, password } }),
    );
  });
});
