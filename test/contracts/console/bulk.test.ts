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

  test('gives a role or clinical approval to each, by an owner with a fresh factor', async () => {
    const owner = await roster.organization.staff('owner');
    const proved = { email: null, emailProvedAt: roster.clock.now() };
    const parents = await Promise.all(
      ['a', 'b'].map((each) =>
        addPerson(roster, { ...proved, email: `bulk-${each}@example.com` }).then(({ userId }) => userId),
      ),
    );
    const unproved = await addPerson(roster, { email: 'bulk-unproved@example.com' });
    const ids = [...parents, unproved.userId];
    const members = await plan({ act: 'role', role: 'member', selection: { ids } }, owner.ask);
    assert.deepEqual(
      [members.status, members.at('role'), members.at('isApproved'), members.at('refusals')],
      [201, 'member', null, [{ why: 'email_unproved', count: 1 }]],
    );
    const stale = await roster.organization.staff('owner', { isStale: true, of: owner });
    const early = await run(members.string('id'), { confirmation: '3' }, stale.ask);
    assert.deepEqual([early.status, early.at('error.code')], [403, 'fresh_factor_required']);
    assert.equal(
      (await roster.call(`GET ${root}/${members.string('id')}`, owner.ask)).at('state'),
      'planned',
    );
    const given = await run(members.string('id'), { confirmation: '3' }, owner.ask);
    assert.deepEqual(
      [given.at('state'), given.at('changed'), given.at('failed')],
      ['complete', 2, [{ why: 'invalid_fields', count: 1 }]],
    );
    const again = await plan({ act: 'role', role: 'member', selection: { ids: parents } }, owner.ask);
    assert.deepEqual(again.at('refusals'), [{ why: 'nothing_to_do', count: 2 }]);

    for (const [isApproved, refused] of [
      [true, []],
      [true, [{ why: 'nothing_to_do', count: 2 }]],
      [false, []],
      [false, [{ why: 'nothing_to_do', count: 2 }]],
    ] as const) {
      const made = await plan({ act: 'clinical', isApproved, selection: { ids: parents } }, owner.ask);
      assert.deepEqual([made.at('isApproved'), made.at('refusals')], [isApproved, refused]);
      const done = await run(made.string('id'), { confirmation: '2' }, owner.ask);
      assert.deepEqual([done.at('changed'), done.at('failed')], [2 - 2 * refused.length, refused]);
    }
    for (const faulty of [{ act: 'role', role: 'owner' }, { act: 'role' }, { act: 'clinical' }]) {
      assert.equal((await plan({ ...faulty, selection: { ids } }, owner.ask)).status, 422);
    }
  });

  test('deletes each with an erasure of its own, after a typed confirmation and with a fresh factor', async () => {
    const privacy = await roster.organization.staff('privacy');
    const ids = await addPeople(27);
    const planned = await plan({ act: 'delete', selection: { ids } }, privacy.ask);
    assert.deepEqual([planned.status, planned.at('confirmation')], [201, 'delete 27']);
    const id = planned.string('id');
    const stale = await roster.organization.staff('privacy', { isStale: true, of: privacy });
    assert.equal(
      (await run(id, { confirmation: 'delete 27' }, stale.ask)).at('error.code'),
      'fresh_factor_required',
    );
    for (const confirmation of ['27', 'delete', 'delete 28', '']) {
      assert.equal((await run(id, { confirmation }, privacy.ask)).status, 422);
    }
    for (const each of ids) assert.equal(await statusOf(each), 'active');
    await ledger.mark();
    const first = await run(id, { confirmation: 'delete 27' }, privacy.ask);
    assert.deepEqual(
      [first.at('state'), first.at('done'), first.at('changed'), first.at('failed')],
      ['running', 25, 25, []],
    );
    // The factor must be fresh in later parts too.
    assert.equal((await run(id, {}, stale.ask)).status, 403);
    const [left = ''] = (await Promise.all(ids.map(async (each) => [each, await statusOf(each)] as const)))
      .filter(([, status]) => status !== undefined)
      .map(([each]) => each);
    // Another door deletes one of the two who are left.
    const json = {
      confirmation: (await roster.call(`GET /console/api/v1/people/${left}`, privacy.ask)).at(
        'deletion.confirmation',
      ),
    };
    assert.equal(
      (await roster.call(`POST /console/api/v1/people/${left}/delete`, { ...privacy.ask, json })).status,
      202,
    );
    const last = await run(id, {}, privacy.ask);
    assert.deepEqual(
      [last.at('state'), last.at('done'), last.at('changed'), last.at('failed')],
      ['complete', 27, 26, [{ why: 'gone', count: 1 }]],
    );
    for (const each of ids) assert.equal(await statusOf(each), undefined);
    const erasures = await roster.rows.count('audit_events', "action = 'user.deleted'");
    assert.ok(erasures >= 27, String(erasures));
  });

  test('says of all active admins at once that the last one is refused, and keeps one', async () => {
    const tenant = await roster.addOrganization();
    const owner = await tenant.staff('owner');
    const admins = await Promise.all([1, 2, 3].map(() => addPerson(roster, { role: 'admin' }, tenant)));
    const ids = admins.map(({ userId }) => userId);
    for (const [act, confirmation] of [
      ['cancel', '3'],
      ['delete', 'delete 3'],
    ] as const) {
      const selection = { ids };
      const planned = await plan({ act, selection }, owner.ask);
      const refused = planned.at('refusals') as { why: string; count: number }[];
      assert.equal(refused.find(({ why }) => why === 'last_admin')?.count, 1, `${act}: ${planned.text}`);
      const done = await run(planned.string('id'), { confirmation }, owner.ask);
      const failed = done.at('failed') as { why: string; count: number }[];
      assert.equal(failed.find(({ why }) => why === 'last_admin')?.count, 1, `${act}: ${done.text}`);
    }
  });

  test('each role plans what it may do to one person', async () => {
    const ids = await addPeople(1);
    const acts = ['unlock', 'role', 'delete'] as const;
    const values = { role: 'member', isApproved: true };
    const allowed = { owner: acts, support: ['unlock'], privacy: ['delete'], engineer: [] } as const;
    for (const [role, own] of Object.entries(allowed)) {
      const { ask } = await roster.organization.staff(role as keyof typeof allowed);
      for (const act of acts) {
        const made = await plan({ act, ...values, selection: { ids } }, ask);
        assert.equal(made.status, (own as readonly string[]).includes(act) ? 201 : 403, `${role} ${act}`);
      }
      assert.equal((await roster.call(`GET ${root}`, ask)).status, own.length === 0 ? 403 : 200);
    }
  });

  test('is for those who may do it to one person, each for the own ones, in the own organization', async () => {
    const [person = ''] = await addPeople(1);
    const id = (await plan({ act: 'cancel', selection: { ids: [person] } })).string('id');
    for (const role of ['privacy', 'engineer'] as const) {
      const { ask } = await roster.organization.staff(role);
      assert.equal((await plan({ act: 'cancel', selection: { ids: [person] } }, ask)).status, 403);
      const status = role === 'privacy' ? 404 : 403;
      assert.equal((await run(id, { confirmation: '1' }, ask)).status, status);
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
      { act: 'rename', selection: { ids: [person] } },
      { act: 'cancel' },
      { act: 'cancel', selection: { ids: ['x'] } },
    ]) {
      assert.equal((await plan(faulty)).status, 422);
    }
  });

  test('is refused for too many people with what to do', async () => {
    const ids = Array.from({ length: 501 }, (_, each) => `usr_${String(each).padStart(32, '0')}`);
    const refused = await plan({ act: 'cancel', selection: { ids } });
    const fault = { fault: 'out_of_range', min: 1, max: 500 };
    const message =
      'selection has too many people: an act takes at most 500, narrow the query or name fewer ids';
    assert.deepEqual([refused.status, refused.at('error.fields.selection')], [422, { ...fault, message }]);
  });
});
