/**
 * A person with a free account lets a script do all that the account may, for a month: changes of the profile, sign-ins,
 * sign-outs, codes, wrong passwords, links, connections. Except for the record and the messages, which are kept for a time, no table may grow
 * with it; the record grows by a bounded number of events a day.
 */

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { sessionsMax } from '../../../src/core/access/session.ts';
import { endedMax } from '../../../src/core/providers/user-connections.ts';
import { dayMs } from '../../../src/core/time.ts';
import { createHousekeepingJob } from '../../../src/jobs/housekeeping.ts';
import { addConnection, askToken, openSession } from '../../connect-page/connect-calls.ts';
import { goodPassword, signUp } from '../../contracts/general/sign-up.ts';
import { createTestJournal } from '../../jobs/deployment.ts';
import { effort, slowTest as test } from '../../support/effort.ts';
import { steady } from '../../support/server/clock.ts';
import { visitDemo } from '../../support/server/demo-person.ts';
import type { Reply } from '../../support/server/http.ts';
import { setUpRoster } from '../../support/server/set-up.ts';

const users = '/general/v1/users';
const sessions = '/general/v1/sessions';
const actsPerHour = 2;
/** The short form compares the second day with the fourth; so often a day the script does all it can. */
const days = effort({ short: 4, long: 30 });
const burstsPerDay = effort({ short: 1, long: 8 });
/** Most events that one burst may leave: of changes, of sign-ins and sign-outs, of messages and of the counts by the hour. */
const eventsPerBurst = 2 * actsPerHour + 2 * actsPerHour + 14;
const excess = 5;
/** Kept for years, and for some weeks or months; tokens of the Connect page are asked for by the app, which nobody has for free. */
const kept = [
  ...['audit_events', 'audit_archive', 'audit_counts', 'messages', 'revocations', 'connect_tokens'],
  // A few rows a day.
  'day_totals',
  // One row for each organization and job.
  'job_marks',
];
/** What an account may have, and that of the other account of the test. */
const bounds: Readonly<Record<string, number>> = { connections: endedMax + 1, sessions: sessionsMax + 1 };

describe('what a free account does adds no rows without end', () => {
  const roster = setUpRoster({
    env: { ROSTER_DEMO_PROVIDER: 'on', ROSTER_LIMIT_OWN_CHANGES: String(actsPerHour) },
  });
  let changes = 0;

  async function sizes(): Promise<ReadonlyMap<string, number>> {
    const tables = await roster.rows.tables();
    const counted = tables.map(async (table) => [table, Number(await roster.rows.count(table))] as const);
    return new Map(await Promise.all(counted));
  }

  async function sweep(): Promise<void> {
    const job = createHousekeepingJob(roster.core, createTestJournal(), steady);
    while (await job.run());
    await roster.core.tally.write(roster.core.work);
    await roster.settle();
  }

  const signIn = (email: string, password = goodPassword): Promise<Reply> =>
    roster.call(`POST ${sessions}`, { json: { email, password } });

  /** The person's own backend connects and disconnects a source as the person wishes. */
  async function connectOnce(externalId: string): Promise<void> {
    const asked = await askToken(roster, { type: 'session', client_user_id: externalId });
    const bearer = asked.string('session_token');
    const started = await roster.call('POST /connect/api/connections', {
      bearer,
      json: { provider: 'demo' },
    });
    if (started.status === 429) return;
    await visitDemo(started.string('authUrl'));
    const path = `/connect/api/connections/${started.string('connectionId')}`;
    assert.equal((await roster.call(`DELETE ${path}`, { bearer })).status, 204);
  }

  async function burst(number: number, email: string): Promise<void> {
    const tokens: string[] = [];
    for (let time = 0; time < excess * actsPerHour; time++) {
      const reply = await signIn(email);
      assert.equal(reply.status, 201, reply.text);
      tokens.push(reply.string('token'));
    }
    const [session, ...others] = tokens;
    for (let time = 0; time < excess * actsPerHour; time++) {
      changes += 1;
      const json = {
        user: { first_name: `Name ${changes}`, phone: `+1555${String(changes).padStart(7, '0')}` },
      };
      const reply = await roster.call(`PUT ${users}/${number}`, { session, json });
      assert.ok([200, 429].includes(reply.status), reply.text);
      await roster.call(`POST ${users}/passwords`, { json: { email } });
      await roster.call(`POST ${users}/resend_confirmation`, { session });
      await roster.call(`POST ${users}/confirmation`, {
        json: { user_id: number, confirmation_code: '000000' },
      });
    }
    await signIn(email, 'not the password');
    for (const token of others) {
      assert.equal((await roster.call(`DELETE ${sessions}`, { session: token })).status, 204);
    }
  }

  test('in a month of bursts', async () => {
    const { number, email } = await signUp(roster, { phone: '+15550000000' });
    const history: ReadonlyMap<string, number>[] = [];
    for (let day = 0; day < days; day++) {
      for (let time = 0; time < burstsPerDay; time++) {
        await burst(number, email);
        await connectOnce('script');
        roster.clock.advance(dayMs / burstsPerDay);
      }
      await sweep();
      history.push(await sizes());
    }
    const [then, now] = [history[days / 2 - 1], history[days - 1]];
    assert.ok(then !== undefined && now !== undefined);
    for (const [table, rows] of now) {
      const before: number = then.get(table) ?? 0;
      const most: number = bounds[table] ?? before + 2;
      if (!kept.includes(table)) assert.ok(rows <= most, `${table}: ${before} rows, then ${rows}`);
    }
    const recorded = (tables: ReadonlyMap<string, number>): number =>
      (tables.get('audit_events') ?? 0) + (tables.get('audit_archive') ?? 0);
    const events = recorded(now) - recorded(then);
    assert.ok(events <= (days / 2) * burstsPerDay * eventsPerBurst, `${events} events in ${days / 2} days`);
  });

  test('of the connections that have ended, a user keeps the newest', async () => {
    const { humanId, token } = await openSession(roster);
    for (let time = 0; time < endedMax + 5; time++)
      await addConnection(roster, humanId, { status: 'revoked' });
    const json = { provider: 'demo' };
    assert.equal((await roster.call('POST /connect/api/connections', { bearer: token, json })).status, 201);
    const own = `user_id = '${humanId}'`;
    assert.equal(await roster.rows.count('connections', own), endedMax + 1);
  });
});
