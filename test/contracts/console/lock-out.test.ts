/** Guesses of strangers at a staff account: they stay slow from many networks together, and keep no known network out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';
import { askAfter, type StaffAsk } from '../../support/server/staff.ts';
import { createCeremony, password, stranger } from './ceremony.ts';

const guesses = 20;
const roster = setUpRoster({
  env: { ROSTER_TRUSTED_PROXIES: '127.0.0.1', ROSTER_LIMIT_GUESSES: String(guesses) },
});
const { call, code, enrolWithTotp } = createCeremony(roster);

/** The same headers from another network. */
function from(network: number, ask: StaffAsk = stranger): StaffAsk {
  return { headers: { ...ask.headers, 'x-forwarded-for': `198.51.100.${network}` } };
}

test('many networks share a slow limit of wrong passwords, and the network of the owner has none of it', async () => {
  const { email, secret } = await enrolWithTotp();
  const signIn = (typed: string, ask: StaffAsk): Promise<Reply> =>
    call('POST /sign-in', ask, { email, password: typed });
  for (let tries = 0; tries < guesses; tries++) {
    assert.equal((await signIn(`wrong-password-${tries}`, from(tries))).status, 401, String(tries));
  }
  const refused = await signIn(password, from(200));
  assert.equal(refused.status, 429, 'also the right password from a network that never signed in');
  const begun = await signIn(password, stranger);
  assert.equal(begun.status, 200, 'the enrolment was from this network');
  const opened = await call('POST /sign-in/totp', askAfter(begun), { code: code(secret) });
  assert.equal(opened.status, 200);
});

test('wrong codes of a thief of the password do not keep the owner out', async () => {
  const { email, secret } = await enrolWithTotp();
  for (let network = 0; network < guesses; network++) {
    const begun = await call('POST /sign-in', from(network), { email, password });
    const ask = from(network, askAfter(begun));
    const wrong = await call('POST /sign-in/totp', ask, { code: code(secret, 90 + network) });
    assert.equal(wrong.status, 401);
  }
  const begun = await call('POST /sign-in', from(201), { email, password });
  const late = await call('POST /sign-in/totp', from(201, askAfter(begun)), { code: code(secret) });
  assert.equal(late.status, 429, 'the networks of strangers have used their guesses up');
  const own = await call('POST /sign-in', stranger, { email, password });
  const opened = await call('POST /sign-in/totp', askAfter(own), { code: code(secret) });
  assert.equal(opened.status, 200);
});
