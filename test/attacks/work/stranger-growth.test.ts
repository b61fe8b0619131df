/**
 * Strangers of many networks, without an account, call every door for a month: wrong passwords, requests for links, codes, tokens of
 * Connect. A backend with a key repeats its reports with new idempotency keys, and invites the same people again. Except for the record
 * and the messages, which are kept for a time, no table grows.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayMs } from '../../../src/core/time.ts';
import { createHousekeepingJob } from '../../../src/jobs/housekeeping.ts';
import { signUp } from '../../contracts/general/sign-up.ts';
import { createTestJournal } from '../../jobs/deployment.ts';
import { effort } from '../../support/effort.ts';
import { steady } from '../../support/server/clock.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const general = '/general/v1';
/** The short form compares the third day with the sixth: what is kept for a day or two has had its time to end. */
const days = effort({ short: 6, long: 30 });
const callersPerDay = 2;
/** Kept for years, and for some weeks; marks for jobs are one row for each organization and job. */
const kept = ['audit_events', 'audit_archive', 'audit_counts', 'messages', 'day_totals', 'job_marks'];

describe('what strangers and a key do adds no rows without end', () => {
  const roster = setUpRoster({ env: { ROSTER_TRUSTED_PROXIES: '127.0.0.1' } });
  let callers = 0;

  async function sweep(): Promise<void> {
    const job = createHousekeepingJob(roster.core, createTestJournal(), steady);
    while (await job.run());
    await roster.core.tally.write(roster.core.work);
    await roster.settle();
  }

  /** One stranger, in a network of its own, at every door. */
  async function knock(known: { readonly email: string; readonly number: number }): Promise<void> {
    callers += 1;
    const headers = { 'x-forwarded-for': `2001:db8:${callers.toString(16)}::1` };
    const post = (path: string, json: object) => roster.call(`POST ${path}`, { headers, json });
    for (const email of [known.email, `stranger-${callers}@example.com`]) {
      await post(`${general}/sessions`, { email, password: 'a wrong password' });
      await post(`${general}/users/passwords`, { email });
      await post(`${general}/users/email_has_account`, { email });
    }
    await post(`${general}/users/confirmation`, { user_id: known.number, confirmation_code: '000000' });
    await post(`${general}/users/passwords/reset`, { token: 'pr_0_x', password: 'a-quiet-harbour-41' });
    await post(`${general}/users`, { user: { email: known.email } });
    await post('/humanapi/v1/connect/token', { client_id: 'x', client_secret: 'y', type: 'session' });
    for (const path of ['/nowhere', '/connect?token=x', '/connection-callback?state=x&code=y']) {
      await roster.call(`GET ${path}`, { headers });
    }
  }

  async function report(userId: string): Promise<void> {
    const bearer = roster.organization.apiKeys.admin;
    const sent = await roster.call(`POST /sonar/v1/users/${userId}/scores`, {
      bearer,
      headers: { 'idempotency-key': `key-${callers}` },
      json: {},
    });
    assert.equal(sent.status, 202, sent.text);
    const json = { email: 'invited@example.com', name: 'Jo Doe' };
    const invited = await roster.call('POST /organization/api/v1/users', { bearer, json });
    assert.ok([201, 409].includes(invited.status), invited.text);
  }

  test('in a month', async () => {
    const known = await signUp(roster);
    const made = await roster.call('POST /sonar/v1/users', {
      bearer: roster.organization.apiKeys.admin,
      json: { reference_id: 'known' },
    });
    const history: ReadonlyMap<string, number>[] = [];
    for (let day = 0; day < days; day++) {
      for (let time = 0; time < callersPerDay; time++) {
        await knock(known);
        await report(made.string('data.id'));
        roster.clock.advance(dayMs / callersPerDay);
      }
      await sweep();
      const tables = await roster.rows.tables();
      const sizes = tables.map(async (table) => [table, Number(await roster.rows.count(table))] as const);
      history.push(new Map(await Promise.all(sizes)));
    }
    const [then, now] = [history[days / 2 - 1], history[days - 1]];
    assert.ok(then !== undefined && now !== undefined);
    const grown = [...now].filter(
      ([table, rows]) => !kept.includes(table) && rows > (then.get(table) ?? 0) + 2,
    );
    assert.deepEqual(
      grown.map(([table, rows]) => `${table}: ${then.get(table)} rows, then ${rows}`),
      [],
    );
    const used = ['login_failures', 'idempotency'];
    for (const table of used) assert.ok((now.get(table) ?? 0) > 0, `${table} is not used at all`);
  });
});
