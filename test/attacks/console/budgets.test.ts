/** Staff, or a thief of their session, who take much in little time: each look and each plan is allowed, and their number is bounded. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hourMs, minuteMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import { setUp, setUpRoster } from '../../support/server/set-up.ts';
import type { SignedInStaff } from '../../support/server/staff.ts';

const roster = setUpRoster({ env: { ROSTER_LIMIT_LOOKS: '3', ROSTER_LIMIT_BULK_PLANS: '50' } });
const base = '/console/api/v1';
const person = setUp(() => addPerson(roster, { email: 'seen@example.com' }));

const look = async ({ ask }: SignedInStaff, field = 'email') => {
  const json = { field, reason: 'A mail came back.' };
  const { status, ...reply } = await roster.call(`POST ${base}/people/${person.userId}/reveal`, {
    ...ask,
    json,
  });
  return [status, status === 200 ? null : reply.at('error.code')];
};
const shown = [200, null];

describe('looks at masked fields', () => {
  test('need a fresh factor above a number per hour, and have an end with it', async () => {
    const engineer = await roster.organization.staff('engineer', { isStale: true });
    const revealed = async () =>
      (await roster.rows.all('audit_events')).filter(
        ({ action, actor_id: actorId }) => action === 'user.revealed' && actorId === engineer.staffId,
      ).length;
    for (const field of ['email', 'externalId', 'phone'])
      assert.deepEqual(await look(engineer, field), shown);
    assert.deepEqual(await look(engineer, 'externalId'), [403, 'fresh_factor_required']);
    const fresh = await roster.organization.staff('engineer', { of: engineer });
    for (let looks = 0; looks < 12; looks++) assert.deepEqual(await look(fresh), shown);
    assert.deepEqual(await look(fresh), [429, 'rate_limited']);
    assert.deepEqual(await look(fresh, 'all'), [429, 'rate_limited']);
    assert.equal(await revealed(), 15, 'each look is in the audit log');
    // The budget is that of the account, and not of the session or of the organization.
    const other = await roster.organization.staff('engineer', { isStale: true });
    assert.deepEqual(await look(other), shown);
    roster.clock.advance(hourMs + minuteMs);
    const later = await roster.organization.staff('engineer', { of: engineer, isStale: true });
    assert.deepEqual(await look(later), shown);
  });

  test('at the same time are counted one by one', async () => {
    const engineer = await roster.organization.staff('engineer', { isStale: true });
    const looks = await Promise.all(Array.from({ length: 8 }, () => look(engineer)));
    assert.equal(looks.filter(([status]) => status === 200).length, 3);
  });
});

describe('plans of acts on many people', () => {
  const plan = ({ ask }: SignedInStaff) =>
    roster.call(`POST ${base}/bulk-acts`, {
      ...ask,
      json: { act: 'unlock', selection: { ids: [person.userId] } },
    });
  const rows = async ({ staffId }: SignedInStaff) => {
    const acts = (await roster.rows.all('bulk_acts')).filter((row) => row['made_by'] === staffId);
    const open = acts.filter(({ state }) => state === 'planned' || state === 'running');
    const people = await roster.rows.all('bulk_act_users');
    return [open.length, people.filter((row) => acts.some(({ id }) => id === row['bulk_id'])).length];
  };

  test('are twenty at most, of which the oldest gives way, and so many per hour', async () => {
    const support = await roster.organization.staff('support');
    const first = await plan(support);
    roster.clock.advance(1_000);
    const statuses: number[] = [first.status];
    for (let plans = 0; plans < 5; plans++) {
      const replies = await Promise.all(Array.from({ length: 10 }, () => plan(support)));
      statuses.push(...replies.map(({ status }) => status));
    }
    assert.equal(statuses.filter((status) => status === 201).length, 50);
    assert.equal(statuses.filter((status) => status === 429).length, 1);
    assert.deepEqual(await rows(support), [20, 20]);
    const oldest = await roster.call(`GET ${base}/bulk-acts/${first.string('id')}`, support.ask);
    assert.deepEqual([oldest.at('state'), oldest.at('done')], ['discarded', 0]);
  });

  test('are refused where twenty are running', async () => {
    const support = await roster.organization.staff('support');
    for (let plans = 0; plans < 20; plans++) {
      const made = await plan(support);
      await roster.core.work.change(roster.organization.key, (tx) =>
        tx.bulkActs.update(made.string('id'), { state: 'running' }),
      );
    }
    const refused = await plan(support);
    assert.deepEqual([refused.status, refused.at('error.code')], [409, 'wrong_state']);
    assert.deepEqual(await rows(support), [20, 20]);
  });
});
