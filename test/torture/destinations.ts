/**
 * Floods, for `npm run torture`, a few addresses and numbers over simulated days, through every door that a stranger has and
 * many at once: none of them gets more than five messages in any hour and ten in any 24 hours. Starts one server on loopback,
 * and stops by itself.
 *
 *     npm run torture -- destinations      a day, which takes two minutes
 *     npm run torture -- destinations 3    3 days
 */
import assert from 'node:assert/strict';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import {
  changeEmail,
  invite,
  newEmail,
  newPhone,
  path,
  put,
  signUp,
  signUpProved,
} from '../attacks/support/accounts.ts';
import { defaultBudgets } from '../attacks/support/budgets.ts';
import { signUpBody } from '../contracts/general/sign-up.ts';
import { startRoster } from '../support/server/start.ts';

const days = Number(process.argv[2] ?? 1);
if (!Number.isSafeInteger(days) || days < 1) throw new Error('the number of days must be 1 or more');

const stepMs = 20 * minuteMs;
const roster = await startRoster({ env: { ...defaultBudgets, ROSTER_TELL_ACCOUNTS: 'off' } });
try {
  const other = await roster.addOrganization();
  const emails = [newEmail(), newEmail()];
  const phones = [newPhone(), newPhone()];
  const times = new Map<string, Set<string>>();
  let calls = 0;

  const register = (fields: object, appId: string) => {
    calls += 1;
    return roster.call(`POST ${path}`, { json: signUpBody(fields), headers: { 'x-app-id': appId } });
  };
  for (let step = 0; step < (days * dayMs) / stepMs; step++) {
    const flood: Promise<unknown>[] = [];
    for (const { appId } of [roster.organization.app, other.app]) {
      for (const phone of phones) flood.push(register({ phone }, appId), register({ phone }, appId));
      for (const email of emails) flood.push(register({ email: email.toUpperCase() }, appId));
    }
    for (const email of emails) {
      flood.push(roster.call(`POST ${path}/passwords`, { json: { email } }), invite(roster, email));
      flood.push(signUpProved(roster).then((account) => changeEmail(roster, account, email)));
      calls += 3;
    }
    for (const phone of phones) {
      flood.push(signUp(roster).then((each) => put(roster, each, each.session, { user: { phone } })));
      calls += 1;
    }
    await Promise.all(flood);
    for (const message of await roster.outbox()) {
      const to = message.to.toLowerCase();
      if (!emails.includes(to) && !phones.includes(to)) continue;
      const seen = times.get(to) ?? new Set();
      times.set(to, seen.add(`${message.createdAt} ${message.id}`));
    }
    roster.clock.advance(stepMs);
  }
  for (const to of [...emails, ...phones]) {
    const all = [...(times.get(to) ?? [])].map((text) => Number(text.split(' ')[0])).sort((a, b) => a - b);
    const isWithin = (limit: number, windowMs: number): boolean =>
      all.every((at, index) => (all[index + limit] ?? Number.POSITIVE_INFINITY) - at >= windowMs);
    assert.ok(
      all.length > 0 && isWithin(5, hourMs) && isWithin(10, dayMs),
      `${all.length} messages to one address`,
    );
  }
  const counts = [...times.values()].map(({ size }) => size);
  process.stdout.write(`${calls} calls in ${days} days; messages to each address: ${counts.join(' ')}\n`);
} finally {
  await roster.close();
}
