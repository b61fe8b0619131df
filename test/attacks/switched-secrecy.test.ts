/**
 * `ROSTER_TELL_ACCOUNTS` is switched while there are accounts: what was promised under one value holds under the other. An
 * account that nobody has proved becomes secret with the rest, and a requested address still goes to the person who proves it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dayMs } from '../../src/core/time.ts';
import { endEmailRequests } from '../../src/core/verification/end-email-requests.ts';
import { makeFolder, removeFolder } from '../cli/program.ts';
import { goodPassword } from '../contracts/general/sign-up.ts';
import { createFakeClock } from '../support/server/clock.ts';
import { type Roster, startRoster } from '../support/server/start.ts';
import {
  type Account,
  askForReset,
  linkOf,
  newEmail,
  newPhone,
  path,
  pressButton,
  put,
  reset,
  signIn,
  signUp,
  signUpProved,
  userOf,
} from './support/accounts.ts';

describe('whether accounts are told is switched over existing accounts', () => {
  const clock = createFakeClock();
  let folder: string;
  let roster: Roster;

  before(async () => {
    folder = await makeFolder();
    roster = await startRoster({ folder, clock, env: { ROSTER_TELL_ACCOUNTS: 'on' } });
  });
  after(async () => {
    await roster.close();
    await removeFolder(folder);
  });

  async function switchTo(told: 'on' | 'off'): Promise<void> {
    const { organization } = roster;
    await roster.close();
    roster = await startRoster({ folder, clock, env: { ROSTER_TELL_ACCOUNTS: told } });
    // A test signs up in the organization of the first start.
    Object.assign(roster, { organization });
  }

  const isTold = async (email: string): Promise<unknown> =>
    (await roster.call(`POST ${path}/email_has_account`, { json: { email } })).at('has_account');
  const signInStatus = async (email: string, password = goodPassword): Promise<number> =>
    (await signIn(roster, email, password)).status;
  /** Presses the button behind a link of a mail; each server of this test listens at another port. */
  const press = (link: string): Promise<Response> => {
    const { pathname, search } = new URL(link);
    return pressButton(`${roster.baseUrl}${pathname}${search}`);
  };
  const shownEmail = async ({ number, session }: Account): Promise<unknown> =>
    (await roster.call(`GET ${path}/${number}`, { session })).at('email');

  test('from on to off: accounts with a proof work, the others are secret until their proof', async () => {
    const proved = await signUpProved(roster);
    const unproved = await signUp(roster, { phone: newPhone() });
    const claimed = await signUp(roster, { phone: newPhone() });
    assert.equal(await isTold(unproved.email), true);
    assert.equal(await signInStatus(unproved.email), 201);
    await switchTo('off');
    for (const { email } of [proved, unproved, claimed]) assert.equal(await isTold(email), false);
    assert.equal(await signInStatus(proved.email), 201);
    assert.equal(await signInStatus(unproved.email), 401);
    // A session from before stays, and shows the own address.
    assert.equal(await shownEmail(unproved), unproved.email);
    // The link that was sent while accounts were told still proves.
    assert.equal((await press(await linkOf(roster, unproved.email, 'email_proof'))).status, 200);
    assert.equal(await signInStatus(unproved.email), 201);
    // Two addresses that are taken: of an account that never proved it, and of one that did.
    const person = await signUp(roster, { email: claimed.email, phone: newPhone() });
    const stranger = await signUp(roster, { email: proved.email, phone: newPhone() });
    assert.equal((await press(await linkOf(roster, claimed.email, 'sign_up_attempt'))).status, 200);
    assert.equal((await userOf(roster, person)).email, claimed.email);
    assert.equal((await userOf(roster, claimed)).email, null);
    assert.equal((await userOf(roster, stranger)).email, null);
    assert.equal(await signInStatus(proved.email), 201);
  });

  test('from off to on: requests stay requests, and the link decides', async () => {
    await switchTo('off');
    const [waiting, moving, contested, lost, idle] = [
      await signUp(roster, { phone: newPhone() }),
      await signUp(roster, { phone: newPhone() }),
      await signUp(roster, { phone: newPhone() }),
      await signUp(roster, { phone: newPhone() }),
      await signUp(roster, { phone: newPhone() }),
    ];
    await switchTo('on');
    // A request is no account, and nobody signs in with it.
    assert.equal(await isTold(waiting.email), false);
    assert.equal(await signInStatus(waiting.email), 401);
    assert.equal(await shownEmail(waiting), waiting.email);
    assert.equal((await press(await linkOf(roster, waiting.email, 'email_proof'))).status, 200);
    assert.deepEqual([await isTold(waiting.email), await signInStatus(waiting.email)], [true, 201]);
    // A new address is now set at once, and ends the request.
    const email = newEmail();
    assert.equal((await put(roster, moving, moving.session, { user: { email } })).at('email'), email);
    const { requestedEmail, emailRequestedAt } = await userOf(roster, moving);
    assert.deepEqual([requestedEmail, emailRequestedAt, await signInStatus(email)], [null, null, 201]);
    assert.equal((await press(await linkOf(roster, moving.email, 'email_proof'))).status, 422);
    // A sign-up takes a requested address, as it is free. The link of the request still decides, until the address is proved.
    const squatter = await signUp(roster, { email: contested.email, phone: newPhone() });
    const links = [await linkOf(roster, lost.email, 'email_proof')];
    const owner = await signUp(roster, { email: lost.email, phone: newPhone() });
    await reset(roster, await askForReset(roster, lost.email));
    assert.equal((await press(links[0] ?? '')).status, 422);
    assert.equal((await userOf(roster, owner)).email, lost.email);
    const earlier = (await roster.outbox(contested.email))
      .filter((each) => each.template === 'email_proof')
      .at(-1);
    const [link = ''] = /https?:\S+/.exec(earlier?.body ?? '') ?? [];
    assert.equal((await press(link)).status, 200);
    assert.equal((await userOf(roster, contested)).email, contested.email);
    assert.equal((await userOf(roster, squatter)).email, null);
    // What is left ends after seven days, also where accounts are told.
    clock.advance(7 * dayMs + 1);
    while ((await endEmailRequests(roster.core, 100)) > 0);
    const session = await roster.call(`GET ${path}`, { session: idle.session });
    assert.equal(session.status, 401);
    assert.equal(await signInStatus(waiting.email), 201);
  });
});
