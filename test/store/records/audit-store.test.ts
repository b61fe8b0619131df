import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { operatorAt, type Principal } from '../../../src/core/access/principal.ts';
import type { User } from '../../../src/core/directory/user.ts';
import {
  type AuditEvent,
  type AuditFilter,
  type AuditPosition,
  record,
  type StoredEvent,
} from '../../../src/core/record/audit-event.ts';
import { hourMs } from '../../../src/core/time.ts';
import { addTenant, newUser, suiteOnEveryDatabase, type Tenant } from '../harness.ts';

const all: AuditFilter = { userId: null, actorId: null, action: null, since: null, until: null };

suiteOnEveryDatabase('the store of audit events', (own) => {
  let tenant: Tenant;
  let user: User;
  let other: User;
  const key = (keyId: string): Principal => {
    return { kind: 'api_key', door: 'sonar', orgKey: tenant.orgKey, keyId, role: 'admin' };
  };

  beforeEach(async () => {
    tenant = await addTenant(own());
    [user, other] = await own().change(tenant.orgKey, async (tx) => [
      await tx.users.insert(newUser(tenant)),
      await tx.users.insert(newUser(tenant)),
    ]);
    await writeEvents();
  });

  const writeEvents = () =>
    own().change(tenant.orgKey, async (tx) => {
      const operator = operatorAt('job', tenant.orgKey);
      await record(tx, key('key_1'), 'user.created', { kind: 'user', id: user.id }, 10);
      await record(tx, operator, 'user.updated', { kind: 'user', id: user.id }, 20, { fields: ['a', 'b'] });
      await record(tx, key('key_2'), 'user.created', { kind: 'user', id: other.id }, 20);
      await record(tx, key('key_1'), 'user.listed', { kind: 'organization', id: 'org_1' }, 15, { users: 3 });
    });

  const page = (filter: Partial<AuditFilter>, offset = 0, size = 10) =>
    own().read(tenant.orgKey, (tx) => tx.audit.page({ ...all, ...filter }, offset, size));
  const told = (events: readonly AuditEvent[]) => events.map(({ at, action }) => `${at} ${action}`);
  const newestFirst = ['20 user.created', '20 user.updated', '15 user.listed', '10 user.created'];

  test('are listed newest first, those of one instant by the order of writing, with the exact total', async () => {
    assert.deepEqual(told((await page({})).items), newestFirst);
    const seen: string[] = [];
    for (let offset = 0; offset < 5; offset++) {
      const { items, total } = await page({}, offset, 1);
      assert.equal(total, 4);
      seen.push(...told(items));
    }
    assert.deepEqual(seen, newestFirst);
  });

  test('have their actor, their subject, the names of fields and the number of users', async () => {
    const [, updated, listed] = (await page({})).items;
    assert.partialDeepStrictEqual(updated, {
      actorKind: 'operator',
      actorId: null,
      door: 'job',
      subjectKind: 'user',
      subjectId: user.id,
      fields: ['a', 'b'],
      users: null,
      times: null,
    });
    assert.partialDeepStrictEqual(listed, { actorId: 'key_1', fields: [], users: 3, times: null });
  });

  test('are found by any set of filters', async () => {
    const found = async (filter: Partial<AuditFilter>) => {
      const { items, total } = await page(filter);
      assert.equal(total, items.length);
      const oldest = await own().read(tenant.orgKey, (tx) =>
        tx.audit.listOldestFirst({ ...all, ...filter }, null, 10),
      );
      assert.deepEqual(told(oldest), told(items).reverse());
      return told(items);
    };
    assert.deepEqual(await found({ userId: user.id }), ['20 user.updated', '10 user.created']);
    assert.deepEqual(await found({ actorId: 'key_1' }), ['15 user.listed', '10 user.created']);
    assert.deepEqual(await found({ action: 'user.created' }), ['20 user.created', '10 user.created']);
    assert.deepEqual(await found({ action: 'user.created', userId: user.id }), ['10 user.created']);
    assert.deepEqual(await found({ action: 'user.created', actorId: 'key_2' }), ['20 user.created']);
    assert.deepEqual(await found({ userId: other.id, actorId: 'key_1' }), []);
    assert.deepEqual(await found({ userId: user.id, actorId: 'key_1', action: 'user.created' }), [
      '10 user.created',
    ]);
    assert.deepEqual(await found({ since: 15, until: 20 }), ['15 user.listed']);
    // The id of an organization is no id of a user.
    assert.deepEqual(await found({ userId: 'org_1' }), []);
  });

  test('are read oldest first in batches, also where several have one instant', async () => {
    for (const size of [1, 2, 3, 4]) {
      const seen: string[] = [];
      let after: AuditPosition | null = null;
      for (;;) {
        const last: AuditPosition | null = after;
        const batch: readonly StoredEvent[] = await own().read(tenant.orgKey, (tx) =>
          tx.audit.listOldestFirst(all, last, size),
        );
        if (batch.length === 0) break;
        seen.push(...told(batch));
        after = batch.at(-1) ?? null;
      }
      assert.deepEqual(seen, newestFirst.toReversed());
    }
  });

  test('that are counted have one row for each hour, actor, door, action and subject', async () => {
    const count = { actorKind: 'api_key', actorId: 'key_1', door: 'sonar', action: 'user.read' } as const;
    const subject = { subjectKind: 'api_key', subjectId: 'key_1' } as const;
    for (const [at, times] of [
      [0, 2],
      [0, 3],
      [hourMs, 1],
    ] as const) {
      await own().change(tenant.orgKey, (tx) =>
        tx.audit.addCount({ ...count, ...subject, at, times, users: times * 10 }),
      );
    }
    await own().change(tenant.orgKey, (tx) =>
      tx.audit.addCount({ ...count, ...subject, door: 'general', at: 0, times: 7, users: null }),
    );
    const { items, total } = await page({ action: 'user.read' });
    assert.equal(total, 3);
    assert.deepEqual(
      items.map(({ at, door, times, users }) => ({ at, door, times, users })),
      [
        { at: hourMs, door: 'sonar', times: 1, users: 10 },
        { at: 0, door: 'general', times: 7, users: null },
        { at: 0, door: 'sonar', times: 5, users: 50 },
      ],
    );
  });

  test('of another organization are never listed', async () => {
    const stranger = await addTenant(own());
    const events = await own().read(stranger.orgKey, (tx) => tx.audit.page(all, 0, 10));
    assert.deepEqual(events, { items: [], total: 0 });
    const batch = await own().read(stranger.orgKey, (tx) => tx.audit.listOldestFirst(all, null, 10));
    assert.deepEqual(batch, []);
  });

  test('are deleted after their time, up to the limit of a sweep', async () => {
    const sweep = async (until: number, limit: number): Promise<number> => {
      const sweepOnce = { after: 0, until, limit };
      return (await own().changeSystem('job', (tx) => tx.housekeeping.sweepEvents(sweepOnce))).swept;
    };
    // Events of other tests are older, and are deleted first.
    while ((await sweep(2 * hourMs, 100)) > 0);
    await writeEvents();
    while ((await sweep(14, 1)) > 0);
    assert.deepEqual(told((await page({})).items), newestFirst.slice(0, 3));
    assert.equal(await sweep(20, 2), 2);
    // The tests before this one have left events of their own organizations.
    while ((await sweep(20, 2)) > 0);
    assert.equal((await page({})).total, 0);
  });
});
