/** Acts on many people in the console: the plan, the confirmation, the run part by part, and going on. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minuteMs } from '../../../src/core/time.ts';
import { addPerson } from '../../support/contracts/people.ts';
import type { Ask } from '../../support/server/http.ts';
import { setUp, setUpLedger, setUpRoster } from '../../support/server/set-up.ts';

const roster = setUpRoster();
const support = setUp(() => roster.organization.staff('support'));
const ledger = setUpLedger(roster);
const root = '/console/api/v1/bulk-acts';

async function addPeople(count: number, fields: object = {}): Promise<string[]> {
  const people = [];
  for (let each = 0; each < count; each++) people.push(await addPerson(roster, fields));
  return people.map(({ userId }) => userId);
}

const plan = (json: object, ask: Ask = support.ask) => roster.call(`POST ${root}`, { ...ask, json });
const run = (id: string, json: object = {}, ask: Ask = support.ask) =>
  roster.call(`POST ${root}/${id}/run`, { ...ask, json });
const statusOf = async (id: string) =>
  (
    await roster.core.work.read(roster.organization.key, (tx) =>
      tx.users.find({ id: id.replace('usr_', '') }),
    )
  )?.status;

describe('an act on many people', () => {
  test('is planned, confirmed, run part by part, and each person is recorded', async () => {
    const ids = await addPeople(28);
    await ledger.mark();
    const planned = await plan({
      act: 'cancel',
      selection: { ids: [...ids, ids[0], `usr_${'f'.repeat(32)}`] },
    });
    assert.deepEqual(
      [planned.status, planned.at('state'), planned.at('total'), planned.at('done'), planned.at('refusals')],
      [201, 'planned', 28, 0, []],
    );
    await ledger.expect({
      audit: [{ action: 'user.listed', users: 28, actor_id: support.staffId }],
      rows: { bulk_acts: '+1', bulk_act_users: '+28' },
    });
    const id = planned.string('id');
    for (const confirmation of [undefined, null, '27', 'yes', 28]) {
      const refused = await run(id, { confirmation });
      const fault = confirmation === 28 ? 'invalid' : 'differs';
      assert.deepEqual([refused.status, refused.at('error.fields.confirmation.fault')], [422, fault]);
    }
    await ledger.expect({});
    const first = await run(id, { confirmation: '28' });
    assert.deepEqual([first.at('state'), first.at('done'), first.at('changed')], ['running', 25, 25]);
    assert.equal((await roster.call(`GET ${root}`, support.ask)).at('items.0.id'), id);
    const last = await run(id);
    assert.deepEqual([last.at('state'), last.at('done'), last.at('changed')], ['complete', 28, 28]);
    assert.equal((await run(id)).status, 409);
    assert.equal((await roster.call(`DELETE ${root}/${id}`, support.ask)).status, 409);
    for (const each of ids) assert.equal(await statusOf(each), 'inactive');
    assert.deepEqual((await roster.call(`GET ${root}`, support.ask)).at('items'), []);
    const events = await roster.rows.count('audit_events', "action = 'user.cancelled'");
    assert.equal(events, 28);
  });

  test('says before and after what is refused, and why', async () => {
    const [cancelled, active] = [await addPeople(1), await addPeople(1)];
    const id = cancelled[0] ?? '';
    await roster.call(`POST /console/api/v1/people/${id}/acts/cancel`, { ...support.ask, json: {} });
    const planned = await plan({ act: 'reinstate', selection: { ids: [...cancelled, ...active] } });
    assert.deepEqual(planned.at('refusals'), [{ why: 'wrong_status', count: 1 }]);
    const done = await run(planned.string('id'), { confirmation: '2' });
    assert.deepEqual(
      [done.at('state'), done.at('changed'), done.at('failed')],
      ['complete', 1, [{ why: 'nothing_to_do', count: 1 }]],
    );
  });

  test('takes whom a query finds, where the total is exact', async () => {
    await addPeople(3, { email: null, externalId: null });
    const query = { status: 'active', q: 'nobody-has-this-name' };
    const none = await plan({ act: 'unlock', selection: { query } });
    assert.deepEqual([none.status, none.at('total')], [201, 0]);
    assert.equal((await run(none.string('id'), { confirmation: '0' })).at('state'), 'complete');
    const all = await plan({ act: 'end-sessions', selection: { query: { status: 'active' } } });
    assert.equal(all.status, 201);
    const total = (await roster.call('GET /console/api/v1/people?status=active', support.ask)).at('total');
    assert.equal(all.at('total'), total);
    assert.equal((await roster.call(`DELETE ${root}/${all.string('id')}`, support.ask)).status, 204);
    assert.equal((await run(all.string('id'), { confirmation: String(total) })).status, 409);
  });

  test('goes on after a run that was killed, once its lease has ended, and a person who was deleted is told as gone', async () => {
    const ids = await addPeople(3);
    const planned = await plan({ act: 'cancel', selection: { ids } });
    const id = planned.string('id');
    const { core, organization, clock } = roster;
    // A process claims them and ends.
    await core.work.change(organization.key, async (tx) => {
      await tx.bulkActs.update(id, { state: 'running' });
      await tx.bulkActs.claim(id, { now: clock.now(), leaseMs: minuteMs, limit: 2 });
    });
    const early = await run(id);
    assert.deepEqual([early.at('done'), early.at('state')], [1, 'running']);
    const privacy = await roster.organization.staff('privacy');
    const left = await core.work.read(organization.key, (tx) => tx.bulkActs.countLeft(id));
    assert.equal(left, 2);
    const [first = ''] = [...ids].sort();
    const shown = await roster.call(`GET /console/api/v1/people/${first}`, privacy.ask);
    const json = { confirmation: shown.at('deletion.confirmation') };
    assert.equal(
      (await roster.call(`POST /console/api/v1/people/${first}/delete`, { ...privacy.ask, json })).status,
      202,
    );
    clock.advance(minuteMs);
    const late = await run(id);
    assert.deepEqual(
      [late.at('state'), late.at('changed'), late.at('failed')],
      ['complete', 2, [{ why: 'gone', count: 1 }]],
    );
  });

  test('two runs at the same time do each person once', async () => {
    const ids = await addPeople(30);
    const id = (await plan({ act: 'cancel', selection: { ids } })).string('id');
    await Promise.all([
      run(id, { confirmation: '30' }),
      run(id, { confirmation: '30' }),
      run(id, { confirmation: '30' }),
    ]);
    const done = await run(id).then((reply) =>
      reply.status === 409 ? roster.call(`GET ${root}/${id}`, support.ask) : reply,
    );
    assert.deepEqual([done.at('state'), done.at('changed'), done.at('failed')], ['complete', 30, []]);
  });

  test('is for owners and support, each for the own ones, in the own organization', async () => {
    const [person = ''] = await addPeople(1);
    const id = (await plan({ act: 'cancel', selection: { ids: [person] } })).string('id');
    for (const role of ['privacy', 'engineer'] as const) {
      const { ask } = await roster.organization.staff(role);
      assert.equal((await plan({ act: 'cancel', selection: { ids: [person] } }, ask)).status, 403);
      assert.equal((await run(id, { confirmation: '1' }, ask)).status, 403);
    }
    const others = [
      await roster.organization.staff('owner'),
      await (await roster.addOrganization()).staff('owner'),
    ];
    for (const { ask } of others) {
      assert.equal((await roster.call(`GET ${root}/${id}`, ask)).status, 404);
      assert.equal((await run(id, { confirmation: '1' }, ask)).status, 404);
    }
    const foreign = await plan({ act: 'cancel', selection: { ids: [person] } }, others[1]?.ask);
    assert.deepEqual([foreign.status, foreign.at('total')], [201, 0]);
    assert.equal(await statusOf(person), 'active');
    for (const faulty of [
      { act: 'delete', selection: { ids: [person] } },
      { act: 'cancel' },
      { act: 'cancel', selection: { ids: ['x'] } },
    ]) {
      assert.equal((await plan(faulty)).status, 422);
    }
  });
});
