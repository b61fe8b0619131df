/** Strangers who try wrong passwords at the owner of a console: the owner still gets in, and the answers tell no accounts. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { issueStaffLink } from '../../../src/core/staff/manage-staff.ts';
import { createCeremony, halfMinuteMs, password, stranger } from '../../contracts/console/ceremony.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { askAfter, type StaffAsk } from '../../support/server/staff.ts';
import { testDoor } from '../../support/server/start.ts';

describe('strangers at the owner of a console', () => {
  const roster = setUpRoster({ env: { ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_LIMIT_GUESSES: '20' } });
  const { call, code, enrolWithTotp } = createCeremony(roster);

  const from = (address: string, ask: StaffAsk = stranger): StaffAsk => ({
    ...ask,
    headers: { ...ask.headers, 'x-forwarded-for': address },
  });
  const signIn = (address: string, email: string, typed = password, more: object = {}) =>
    call('POST /sign-in', from(address), { email, password: typed, ...more });
  const statuses = async (tries: number, one: (index: number) => ReturnType<typeof signIn>) => {
    const told: number[] = [];
    for (let index = 0; index < tries; index++) told.push((await one(index)).status);
    return told;
  };

  test('close no network from which the owner has signed in, and no link', async () => {
    const { account, email, secret } = await enrolWithTotp();
    const guessed = await statuses(25, (index) => signIn(`10.${index}.0.1`, email, 'a wrong one'));
    assert.equal(guessed.at(-1), 429);
    assert.equal((await signIn('192.0.2.1', email)).status, 429, 'a network that is not known');
    const begun = await signIn('127.0.0.1', email);
    const given = { code: code(secret) };
    const opened = await call('POST /sign-in/totp', from('127.0.0.1', askAfter(begun)), given);
    assert.equal(opened.status, 200, opened.text);
    const operator = operatorAt(testDoor, roster.organization.key);
    const { link } = await issueStaffLink(roster.core, operator, { staffId: account.id });
    const used = await call('POST /enrol', from('192.0.2.1'), { token: link, password });
    assert.equal(used.status, 200, 'the way in from anywhere');
  });

  test('who have the password guess a bounded number of codes, and the owner gives one', async () => {
    const { email, secret } = await enrolWithTotp();
    const sessions: StaffAsk[] = [];
    for (let index = 0; index < 25; index++) {
      sessions.push(askAfter(await signIn(`10.${index}.0.1`, email)));
    }
    const guessed = await statuses(25, (index) =>
      call('POST /sign-in/totp', from(`10.${index}.0.1`, sessions[index]), {
        code: code(secret, 50 + index),
      }),
    );
    assert.deepEqual([guessed.filter((status) => status === 401).length, guessed.at(-1)], [20, 429]);
    const others = await statuses(2, (index) =>
      call('POST /sign-in/recovery', from(`10.${index + 40}.0.1`, sessions[index]), { code: 'aaaa' }),
    );
    assert.deepEqual(others, [429, 429], 'another kind of factor is no other budget');
    roster.clock.advance(halfMinuteMs);
    const begun = await signIn('127.0.0.1', email);
    const given = { code: code(secret) };
    assert.equal((await call('POST /sign-in/totp', from('127.0.0.1', askAfter(begun)), given)).status, 200);
  });

  test('learn from no delay whether an address works for an organization', async () => {
    const { email } = await enrolWithTotp();
    const told: number[][] = [];
    for (const address of [email, 'nobody-at-all@staff.example.com']) {
      const wrong = (more: object) => () => signIn('203.0.113.9', address, 'a wrong one', more);
      const named = { organization: roster.organization.id };
      told.push([...(await statuses(6, wrong({}))), ...(await statuses(6, wrong(named)))]);
    }
    assert.deepEqual(told[0], told[1]);
    assert.ok(told[0]?.includes(429));
  });
});
