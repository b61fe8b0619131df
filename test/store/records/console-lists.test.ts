/** What the console lists and counts: erasures, failed messages, totals of days, and events by day. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { type Erasure, type ErasureState, userDigestOf } from '../../../src/core/erasure/erasure.ts';
import { addTotals, dayTotalLifeMs } from '../../../src/core/figures/day-totals.ts';
import { ShedRequests } from '../../../src/core/figures/shed-requests.ts';
import { newDatedId, newPrefixedId, newUserId, type OrgKey } from '../../../src/core/ids.ts';
import { archiveEvents } from '../../../src/core/record/archive-events.ts';
import { recordAll } from '../../../src/core/record/audit-event.ts';
import { AuditTally } from '../../../src/core/record/tally.ts';
import { dayMs, hourMs } from '../../../src/core/time.ts';
import { addTenant, newUser, suiteOnEveryDatabase } from '../harness.ts';

const day = 20_000 * dayMs;

suiteOnEveryDatabase('the lists and counts of the console', (own) => {
  async function addErasure(orgKey: OrgKey, state: ErasureState, userId = newUserId()): Promise<string> {
    const id = newDatedId('era', day);
    const isComplete = state === 'complete';
    await own().change(orgKey, (tx) =>
      tx.erasures.insert({
        ...{
          id,
          userDigest: userDigestOf(userId),
          requestedAt: day,
          requestedBy: 'api_key',
          door: 'sonar',
          state,
        },
        ...{ removed: {}, sealedTraces: null, dueAt: day, abandonReason: null, replayedAt: null },
        ...{ completedAt: isComplete ? day : null, receipt: isComplete ? 'a.b.c' : null },
      }),
    );
    return id;
  }

  test('erasures are counted and listed by state, newest first, and those of others are not', async () => {
    const { orgKey } = await addTenant(own());
    const other = await addTenant(own());
    const userId = newUserId();
    const ids: Record<ErasureState, string[]> = { running: [], overdue: [], complete: [] };
    for (const state of ['complete', 'running', 'overdue', 'complete', 'complete'] as const) {
      ids[state].unshift(await addErasure(orgKey, state));
      await addErasure(other.orgKey, state, userId);
    }
    ids.complete.unshift(await addErasure(orgKey, 'complete', userId));
    const read = <T>(work: Parameters<ReturnType<typeof own>['read']>[1]) =>
      own().read(orgKey, work) as Promise<T>;
    assert.deepEqual(await read((tx) => tx.erasures.count(null)), { running: 1, overdue: 1, complete: 4 });
    const list = (state: ErasureState, skip = 0, limit = 10, digest: string | null = null) =>
      read<readonly Erasure[]>((tx) => tx.erasures.list({ state, userDigest: digest }, skip, limit));
    for (const state of ['running', 'overdue', 'complete'] as const) {
      assert.deepEqual(
        (await list(state)).map(({ id }) => id),
        ids[state],
      );
    }
    assert.deepEqual(
      (await list('complete', 1, 2)).map(({ id }) => id),
      ids.complete.slice(1, 3),
    );
    const digest = userDigestOf(userId);
    assert.deepEqual(await read((tx) => tx.erasures.count(digest)), { running: 0, overdue: 0, complete: 1 });
    assert.deepEqual(
      (await list('complete', 0, 10, digest)).map(({ id }) => id),
      ids.complete.slice(0, 1),
    );
    assert.deepEqual(await list('running', 0, 10, digest), []);
  });

  test('events are counted by day, whether they are archived, counted in a tree, or new', async () => {
    const tenant = await addTenant(own());
    const other = await addTenant(own());
    const perDay = [700, 0, 3, 800, 40];
    const principal = operatorAt('test', tenant.orgKey);
    const write = async (orgKey: OrgKey, at: number, count: number) => {
      const subjects = Array.from({ length: count }, () => ({ kind: 'user', id: newUserId() }) as const);
      await own().change(orgKey, (tx) => recordAll(tx, principal, 'user.created', subjects, at));
      await own().change(orgKey, (tx) =>
        recordAll(tx, principal, 'user.confirmed', subjects.slice(0, 5), at),
      );
    };
    const count = (action: 'user.created' | 'user.confirmed', days = perDay.length) =>
      own().read(tenant.orgKey, (tx) => tx.audit.countByDay(action, day, days));
    const archive = async () => {
      for (let pass = 0; pass < 12; pass++) await archiveEvents({ work: own() }, 0);
    };
    // Before the first day, at its first and last instant, and after the last day.
    await write(tenant.orgKey, day - 1, 9);
    await write(tenant.orgKey, day + 5 * dayMs, 11);
    for (const [at, events] of perDay.entries()) {
      const start = day + at * dayMs;
      await write(tenant.orgKey, start, Math.floor(events / 2));
      await write(tenant.orgKey, start + dayMs - 1, Math.ceil(events / 2));
      await write(other.orgKey, start, 7);
    }
    const confirmed = [10, 0, 3, 10, 10];
    assert.deepEqual([await count('user.created'), await count('user.confirmed')], [perDay, confirmed]);
    await archive();
    assert.deepEqual([await count('user.created'), await count('user.confirmed')], [perDay, confirmed]);
    await write(tenant.orgKey, day + 2 * dayMs, 5);
    assert.deepEqual(await count('user.created'), [700, 0, 8, 800, 40]);
    assert.deepEqual(await count('user.created', 1), [700]);
  });

  test('messages that failed are counted by day and channel with what they cost, and those that went are not', async () => {
    const tenant = await addTenant(own());
    const other = await addTenant(own());
    const end = async (
      { orgKey, appId }: typeof tenant,
      at: number,
      channel: 'sms' | 'email',
      state: 'failed' | 'sent' | 'kept',
      cost?: number,
    ) => {
      const user = await own().change(orgKey, (tx) => tx.users.insert(newUser({ appId })));
      const id = newPrefixedId('msg');
      await own().change(orgKey, (tx) =>
        tx.messages.insert({
          ...{ id, userId: user.id, channel, template: 'confirmation', isOutboxOnly: false },
          ...{ destination: '', sealedContent: 'sealed', createdAt: 1 },
          ...(cost === undefined ? {} : { cost }),
        }),
      );
      await own().changeSystem('job', (tx) => tx.messages.settle({ orgKey, id }, { state }, at));
      return id;
    };
    for (const state of ['sent', 'kept', 'failed', 'failed'] as const)
      await end(tenant, day + 5, 'sms', state, 70_000);
    await end(tenant, day + 6, 'sms', 'failed', 2_000_000_000);
    await end(tenant, day + 7, 'sms', 'failed');
    await end(tenant, day + dayMs, 'email', 'failed');
    await end(tenant, day + dayMs - 1, 'email', 'failed');
    await end(tenant, day - 1, 'sms', 'failed');
    await end(other, day, 'sms', 'failed');
    const counted = await own().read(tenant.orgKey, (tx) => tx.messages.countFailed(day));
    assert.deepEqual(counted, [
      { day, channel: 'email', messages: 1, spent: 0 },
      { day, channel: 'sms', messages: 4, spent: 2_000_140_000 },
      { day: day + dayMs, channel: 'email', messages: 1, spent: 0 },
    ]);
    const newest = await end(tenant, day, 'email', 'kept');
    await end(other, day, 'email', 'kept');
    const kept = await own().read(tenant.orgKey, (tx) => tx.messages.listWithContent(1));
    assert.deepEqual(
      kept.map(({ id, state }) => [id, state]),
      [[newest, 'kept']],
    );
    assert.equal((await own().read(tenant.orgKey, (tx) => tx.messages.listWithContent(10))).length, 2);
  });

  test('totals of refusals are added by day, by the counts of the audit log, and by what is shed', async () => {
    const { orgKey } = await addTenant(own());
    const other = await addTenant(own());
    const tally = new AuditTally();
    const principal = { kind: 'api_key', door: 'sonar', orgKey, keyId: 'key_1', role: 'reader' } as const;
    const add = (action: 'access.throttled' | 'access.forbidden' | 'user.read', at: number, key = 'key_1') =>
      tally.add({ ...principal, keyId: key }, { action, subject: { kind: 'api_key', id: key }, at });
    const first = day + 50 * dayMs;
    for (let hour = 0; hour < 30; hour++) add('access.throttled', first + hour * hourMs, `key_${hour % 3}`);
    add('access.forbidden', first);
    add('user.read', first);
    await tally.write(own());
    await tally.write(own());
    add('access.throttled', first + 1);
    await tally.write(own());
    const list = (since: number) => own().read(orgKey, (tx) => tx.dayTotals.listSince(since));
    const forbidden = { day: first, what: 'access.forbidden', times: 1 };
    assert.deepEqual(await list(first), [
      forbidden,
      { day: first, what: 'access.throttled', times: 25 },
      { day: first + dayMs, what: 'access.throttled', times: 6 },
    ]);
    assert.equal((await list(first + dayMs)).length, 1);
    assert.deepEqual(await own().read(other.orgKey, (tx) => tx.dayTotals.listSince(0)), []);

    const shed = new ShedRequests();
    for (const at of [first, first + 5, first + dayMs]) shed.note(at);
    await shed.write(own());
    shed.note(first);
    await shed.write(own());
    const ofDeployment = () => own().readSystem('operator', (tx) => tx.dayTotals.listSince(first));
    assert.deepEqual(await ofDeployment(), [
      { day: first, what: 'shed', times: 3 },
      { day: first + dayMs, what: 'shed', times: 1 },
    ]);
    await own().changeSystem('job', (tx) => tx.housekeeping.sweep(first + dayTotalLifeMs, 1_000));
    assert.equal((await ofDeployment()).length, 1);
    assert.equal((await list(first)).length, 1);
  });

  test('a failed write of totals keeps what was counted', async () => {
    const shed = new ShedRequests();
    const first = day + 60 * dayMs;
    shed.note(first);
    const away = { ...own(), changeSystem: () => Promise.reject(new Error('away')) };
    await assert.rejects(shed.write(away), /away/);
    shed.note(first);
    await shed.write(own());
    const [total] = await own().readSystem('operator', (tx) => tx.dayTotals.listSince(first));
    assert.equal(total?.times, 2);
    await own().changeSystem('job', (tx) => addTotals(tx, [{ action: 'user.read', at: first, times: 4 }]));
    assert.equal((await own().readSystem('operator', (tx) => tx.dayTotals.listSince(first))).length, 1);
  });
});
