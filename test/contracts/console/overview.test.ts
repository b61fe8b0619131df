/** The overview in the console: totals, days and refusals, each of the own organization. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { staffRoles } from '../../../src/core/access/principal.ts';
import { dayMs } from '../../../src/core/time.ts';
import { startTextService } from '../../attacks/support/text-service.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';
import { startRoster } from '../../support/server/start.ts';
import { signUp } from '../general/sign-up.ts';
import { expectRoles } from './roles.ts';

const path = '/console/api/v1/overview';

describe('the overview', () => {
  const roster = setUpRoster();
  const engineer = setUp(() => roster.organization.staff('engineer'));
  const other = setUp(() => roster.addOrganization());
  const ledger = setUpLedger(roster);
  const ask = async (query = '') =>
    roster.call(`GET ${path}${query}`, (await roster.organization.staff('support')).ask);

  test('an empty organization has zeros for each day, today last', async () => {
    const reply = await roster.call(`GET ${path}?days=7`, engineer.ask);
    assert.equal(reply.status, 200);
    assert.deepEqual(reply.at('users'), { total: 0, pending: 0, active: 0, inactive: 0 });
    const today = new Date(roster.clock.now()).toISOString().slice(0, 10);
    assert.equal(reply.at('days.6.day'), today);
    assert.equal(reply.at('days.7'), undefined);
    const { day: _, ...figures } = Object(reply.at('days.6'));
    assert.deepEqual(new Set(Object.values(figures)), new Set([0]));
    assert.equal((await ask()).at('days.29.day'), today);
    await ledger.expect({ rows: { staff_accounts: '+1', staff_sessions: '+1' } });
  });

  test('what happens is counted on its day, and only in its organization', async () => {
    const { apiKeys } = roster.organization;
    const add = async ({ apiKeys: { admin } } = roster.organization) =>
      (await roster.call('POST /sonar/v1/users', { bearer: admin, json: {} })).string('data.id');
    await add(other);
    const first = await add();
    const second = await add();
    await roster.call(`DELETE /sonar/v1/users/${first}`, { bearer: apiKeys.admin });
    for (let time = 0; time < 3; time++) {
      await roster.call(`DELETE /sonar/v1/users/${second}`, { bearer: apiKeys.reader });
    }
    roster.core.shed.note(roster.clock.now());
    await roster.core.tally.write(roster.core.work);
    await roster.core.shed.write(roster.core.work);
    roster.clock.advance(dayMs);
    await add();
    await roster.settle();
    const reply = await ask('?days=2');
    assert.partialDeepStrictEqual(reply.at('days.0'), {
      created: 2,
      deleted: 1,
      forbidden: 3,
      throttled: 0,
      shed: 1,
    });
    assert.partialDeepStrictEqual(reply.at('days.1'), { created: 1, deleted: 0, forbidden: 0, shed: 0 });
    assert.equal(reply.at('users.total'), 2);
    assert.deepEqual(reply.at('erasures'), { running: 0, overdue: 0, complete: 1 });
    const theirs = await roster.call(`GET ${path}?days=2`, (await other.staff('owner')).ask);
    assert.partialDeepStrictEqual(theirs.at('days.0'), { created: 1, deleted: 0, forbidden: 0 });
    assert.equal(theirs.at('users.total'), 1);
  });

  test('days outside of 1 to 90 are refused', async () => {
    for (const query of ['?days=0', '?days=91', '?days=x', '?days=', '?days=1.5', '?days=7&days=8']) {
      const reply = await ask(query);
      assert.deepEqual([reply.status, reply.at('error.fields.days.fault')], [422, 'out_of_range'], query);
    }
    assert.equal((await ask('?days=90')).at('days.89.created'), 1);
  });

  test('every role may see it', async () => {
    await expectRoles({ roster }, staffRoles, `GET ${path}`);
  });
});

describe('the spending of texts', () => {
  const bad = '+12025550142';
  const refused = { status: 400, body: JSON.stringify({ code: 21_211, message: 'not a number' }) };
  const folder = setUp(async () => ({ path: await mkdtemp(join(tmpdir(), 'roster-costs-')) }));
  const service = setUp(async () => {
    const prices = join(folder.path, 'prices.txt');
    await writeFile(prices, '* 0.1\n');
    return startTextService({ ROSTER_SMS_PRICES: prices, ROSTER_SMS_BUDGET_DAY: '1' }, (to) =>
      to === bad ? refused : { status: 201, body: '{}' },
    );
  });
  const roster = setUp(() => startRoster({ env: service.env }));
  after(async () => {
    await roster.close();
    service.close();
    await rm(folder.path, { recursive: true });
  });

  test('shows what the failed ones among them cost, on the day on which they failed', async () => {
    for (const phone of [bad, '+12025550143', '+12025550144']) await signUp(roster, { phone });
    await roster.settle();
    const { ask } = await roster.organization.staff('support');
    const reply = await roster.call(`GET ${path}?days=1`, ask);
    assert.partialDeepStrictEqual(reply.at('days.0'), {
      failedSms: 1,
      failedSpent: 100_000,
      texts: 3,
      spent: 300_000,
    });
  });
});
