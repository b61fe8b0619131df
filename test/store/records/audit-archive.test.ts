/** Lists of audit events are complete and exact at any moment, whatever of the log is archived, counted, late or deleted. */
import assert from 'node:assert/strict';
import { operatorAt, type Principal } from '../../../src/core/access/principal.ts';
import { archiveEvents } from '../../../src/core/record/archive-events.ts';
import {
  type AuditAction,
  type AuditFilter,
  type AuditPosition,
  record,
  type StoredEvent,
} from '../../../src/core/record/audit-event.ts';
import { slowTest as test } from '../../support/effort.ts';
import { addTenant, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const all: AuditFilter = { userId: null, actorId: null, action: null, since: null, until: null };
const actions: readonly AuditAction[] = ['user.created', 'user.updated', 'user.read'];
const users = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
const keys = ['key_1', 'key_2'];

/** Numbers that look random and are the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

suiteOnEveryDatabase('the archive of audit events', (own) => {
  const next = numbers(7);

  const write = (tenant: Tenant, count: number, atMax: number) =>
    own().change(tenant.orgKey, async (tx) => {
      const written = Array.from({ length: count }, () => {
        const keyId = keys[next(keys.length)] ?? '';
        const key: Principal = {
          kind: 'api_key',
          door: 'sonar',
          orgKey: tenant.orgKey,
          keyId,
          role: 'admin',
        };
        const principal = next(10) === 0 ? operatorAt('job', tenant.orgKey) : key;
        const action = actions[next(actions.length)] ?? 'user.read';
        const id = users[next(users.length)] ?? '';
        const subject =
          next(10) === 0 ? ({ kind: 'organization', id: 'org_1' } as const) : ({ kind: 'user', id } as const);
        return record(tx, principal, action, subject, next(atMax));
      });
      await Promise.all(written);
    });

  /** All events that match, oldest first. */
  const exported = async ({ orgKey }: Tenant, filter: AuditFilter, batch: number) => {
    const seen: StoredEvent[] = [];
    let after: AuditPosition | null = null;
    for (;;) {
      const last: AuditPosition | null = after;
      const part: readonly StoredEvent[] = await own().read(orgKey, (tx) =>
        tx.audit.listOldestFirst(filter, last, batch),
      );
      seen.push(...part);
      if (part.length < batch) return seen;
      after = part.at(-1) ?? null;
    }
  };

  const matches = (event: StoredEvent, { userId, actorId, action, since, until }: AuditFilter): boolean =>
    (userId === null || (event.subjectKind === 'user' && event.subjectId === userId)) &&
    (actorId === null || event.actorId === actorId) &&
    (action === null || event.action === action) &&
    (since === null || event.at >= since) &&
    (until === null || event.at < until);

  /** Compares pages of every set of filters, with and without bounds of the time, with a plain walk over all events. */
  const check = async (tenant: Tenant, expected: number): Promise<void> => {
    const everything = await exported(tenant, all, 700);
    assert.equal(everything.length, expected);
    const inOrder = everything.toSorted((left, right) => left.at - right.at || left.seq - right.seq);
    assert.deepEqual(everything, inOrder);
    assert.equal(new Set(everything.map(({ id }) => id)).size, expected);
    for (let set = 0; set < 32; set++) {
      const filter: AuditFilter = {
        userId: (set & 1) === 0 ? null : (users[next(users.length)] ?? null),
        actorId: (set & 2) === 0 ? null : (keys[next(keys.length)] ?? null),
        action: (set & 4) === 0 ? null : (actions[next(actions.length)] ?? null),
        since: (set & 8) === 0 ? null : next(1_000),
        until: (set & 16) === 0 ? null : next(1_000) + 200,
      };
      const wanted = everything.filter((event) => matches(event, filter)).reverse();
      for (const offset of [0, next(wanted.length + 1), wanted.length - 3]) {
        const at = Math.max(0, offset);
        const { items, total } = await own().read(tenant.orgKey, (tx) => tx.audit.page(filter, at, 7));
        const about = JSON.stringify({ filter, at });
        assert.equal(total, wanted.length, about);
        assert.deepEqual(
          items.map(({ id }) => id),
          wanted.slice(at, at + 7).map(({ id }) => id),
          about,
        );
      }
    }
  };

  const archive = ({ orgKey }: Tenant, limit: number) =>
    own().change(orgKey, (tx) => tx.audit.archive(limit));
  const countMore = ({ orgKey }: Tenant, limit: number) =>
    own().change(orgKey, (tx) => tx.audit.countMore(limit));
  const workOf = async ({ orgKey }: Tenant) => {
    const [work] = await own().readSystem('job', (tx) => tx.audit.survey(orgKey - 1, 1));
    return work;
  };

  test('shows every event once in each list, also while it is archived, counted and deleted in parts', async () => {
    const tenant = await addTenant(own());
    await write(tenant, 3_000, 1_000);
    for (let part = 0; part < 5; part++) await archive(tenant, 500);
    await check(tenant, 3_000);
    // The list of all events is long, and one of 64 events has asked.
    const before = await workOf(tenant);
    assert.ok(before !== undefined && before.uncounted > 0, 'a long list is found');
    assert.equal(before.recent, 500);
    await countMore(tenant, 400);
    await check(tenant, 3_000);
    // Events that are late belong before some that are counted.
    await write(tenant, 700, 1_200);
    await archive(tenant, 800);
    await countMore(tenant, 400);
    await check(tenant, 3_700);
    while (await countMore(tenant, 500));
    assert.equal((await workOf(tenant))?.uncounted, 0);
    await check(tenant, 3_700);
    await archive(tenant, 1_000);
    await write(tenant, 20, 1_200);
    const old = (await exported(tenant, { ...all, until: 301 }, 5_000)).length;
    let swept = 0;
    for (let part = 1; part > 0; swept += part) {
      const sweep = { after: 0, until: 300, limit: 170 };
      part = (await own().changeSystem('job', (tx) => tx.housekeeping.sweepEvents(sweep))).swept;
    }
    assert.equal(swept, old);
    await check(tenant, 3_720 - old);
  });

  test('adds to the count of an hour wherever its row is', async () => {
    const tenant = await addTenant(own());
    const count = { actorKind: 'api_key', actorId: 'key_1', door: 'sonar', action: 'user.read' } as const;
    const subject = { subjectKind: 'users', subjectId: 'organization' } as const;
    const add = (at: number, times: number) =>
      own().change(tenant.orgKey, (tx) =>
        tx.audit.addCount({ ...count, ...subject, at, times, users: times }),
      );
    await add(0, 1);
    await add(0, 2);
    await archive(tenant, 10);
    await add(0, 4);
    await add(10, 8);
    await archive(tenant, 10);
    await add(10, 16);
    const { items, total } = await own().read(tenant.orgKey, (tx) => tx.audit.page(all, 0, 10));
    assert.equal(total, 2);
    assert.deepEqual(
      items.map(({ at, times, users: shown }) => [at, times, shown]),
      [
        [10, 24, 24],
        [0, 7, 7],
      ],
    );
  });

  test('gets all but the newest events of each organization, a part in each pass', async () => {
    const busy = await addTenant(own());
    const quiet = await addTenant(own());
    await write(busy, 3_000, 1_000);
    await write(quiet, 300, 1_000);
    let passes = 0;
    for (let after = busy.orgKey - 1; ((await workOf(busy))?.recent ?? 0) > 500; passes++) {
      await archiveEvents({ work: own() }, after);
      after = busy.orgKey - 1;
    }
    assert.equal(passes, 3);
    assert.equal((await workOf(busy))?.recent, 500);
    assert.equal((await workOf(quiet))?.recent, 300);
    const totals = [busy, quiet].map(({ orgKey }) =>
      own().read(orgKey, async (tx) => (await tx.audit.page(all, 0, 1)).total),
    );
    assert.deepEqual(await Promise.all(totals), [3_000, 300]);
  });

  test('has each event once while changes, the job and reads run at the same time', async () => {
    const tenant = await addTenant(own());
    await write(tenant, 600, 1_000);
    const totals: number[] = [];
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        const { total } = await own().read(tenant.orgKey, (tx) => tx.audit.page(all, 0, 1));
        totals.push(total);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const moving = (async () => {
      for (let part = 0; part < 30; part++) await archive(tenant, 37);
    })();
    for (let part = 0; part < 30; part++) {
      await Promise.all([write(tenant, 5, 1_000), write(tenant, 5, 1_000)]);
    }
    await moving;
    isOver = true;
    await reading;
    assert.deepEqual(
      totals,
      totals.toSorted((left, right) => left - right),
    );
    await check(tenant, 900);
  });
});
