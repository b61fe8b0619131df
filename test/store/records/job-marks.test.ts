/** Jobs find the organizations with much to do by their marks, and all others by looking at a part of them at a time. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { operatorAt } from '../../../src/core/access/principal.ts';
import { EventArchiver } from '../../../src/core/record/archive-events.ts';
import { record } from '../../../src/core/record/audit-event.ts';
import { SearchIndexer } from '../../../src/core/search/search-blocks.ts';
import { minuteMs } from '../../../src/core/time.ts';
import type { Store } from '../../../src/store/store.ts';
import { slowTest as test } from '../../support/effort.ts';
import { createFakeClock } from '../../support/server/clock.ts';
import { addTenant, databases, type MakeStore, newUser, type OwnStore, type Tenant } from '../harness.ts';

for (const { name, make } of databases) {
  describe(`the marks of organizations for jobs on ${name}`, () => suite(make));
}

function suite(make: MakeStore): void {
  let opened: OwnStore;
  before(async () => {
    opened = await make();
  });
  after(() => opened.dispose());
  const own = (): Store => opened.store;

  const marked = (store: Store) =>
    store.readSystem('job', async (tx) => ({
      search: await tx.userSearch.listMarked(100),
      audit: await tx.audit.listMarked(100),
    }));

  const addUsers = (tenant: Tenant, count: number) =>
    own().change(tenant.orgKey, (tx) =>
      tx.users.insertAll(Array.from({ length: count }, () => newUser(tenant, { firstName: 'Anna' }))),
    );

  const addEvents = ({ orgKey }: Tenant, count: number) =>
    own().change(orgKey, async (tx) => {
      const subject = { kind: 'organization', id: 'org_1' } as const;
      const operator = operatorAt('job', orgKey);
      for (let at = 0; at < count; at++) await record(tx, operator, 'user.listed', subject, 1_000 + at);
    });

  const blocksOf = async (tenant: Tenant): Promise<number> => {
    const report = await own().checkSearch(tenant.orgKey, { repairs: false });
    return report.blocks;
  };

  const recentOf = ({ orgKey }: Tenant) => own().read(orgKey, (tx) => tx.audit.countRecent(10_000));

  test('are set by many new rows, of one transaction or of several', async () => {
    const [busy, quiet] = [await addTenant(own()), await addTenant(own())];
    await addUsers(busy, 200);
    await addUsers(quiet, 200);
    await addEvents(busy, 200);
    assert.ok(!(await marked(own())).search.includes(busy.orgKey));
    await addUsers(busy, 56);
    await addEvents(busy, 56);
    const { search, audit } = await marked(own());
    assert.ok(search.includes(busy.orgKey) && audit.includes(busy.orgKey));
    assert.ok(!search.includes(quiet.orgKey) && !audit.includes(quiet.orgKey));
  });

  test('are ended by the jobs where nothing is due, and stay while there is more', async () => {
    const tenant = await addTenant(own());
    const [indexer, archiver] = [
      new SearchIndexer({ work: own(), clock: createFakeClock() }),
      new EventArchiver({ work: own(), clock: createFakeClock() }),
    ];
    await addUsers(tenant, 300);
    await addEvents(tenant, 300);
    while (await indexer.advance());
    await archiver.advance();
    assert.deepEqual(await marked(own()), { search: [], audit: [] });
    assert.equal(await blocksOf(tenant), 0);

    await addUsers(tenant, 4_096);
    await addEvents(tenant, 2_000);
    const passes = { search: 0, audit: 0 };
    for (; (await marked(own())).search.length > 0; passes.search++) await indexer.advance();
    for (; (await marked(own())).audit.length > 0; passes.audit++) await archiver.advance();
    assert.deepEqual(passes, { search: 3, audit: 3 });
    assert.equal(await blocksOf(tenant), 2);
    assert.equal(await recentOf(tenant), 500);
  });

  test('that are lost with a process are not needed: each organization has its turn after the start, then a part a minute', async () => {
    const clock = createFakeClock();
    const [indexer, archiver] = [
      new SearchIndexer({ work: own(), clock }),
      new EventArchiver({ work: own(), clock }),
    ];
    const lose = async (tenant: Tenant): Promise<void> => {
      await addUsers(tenant, 2_048);
      await addEvents(tenant, 600);
      await opened.execute('delete from job_marks');
    };
    const pass = async (): Promise<void> => {
      while (await indexer.advance());
      await archiver.advance();
    };
    const tenant = await addTenant(own());
    await lose(tenant);
    await pass();
    await pass();
    assert.deepEqual([await blocksOf(tenant), await recentOf(tenant)], [1, 500]);

    const late = await addTenant(own());
    await lose(late);
    await archiver.advance();
    await indexer.advance();
    assert.deepEqual([await blocksOf(late), await recentOf(late)], [0, 600], 'not before its time');
    clock.advance(minuteMs);
    await pass();
    await pass();
    assert.deepEqual([await blocksOf(late), await recentOf(late)], [1, 500]);
  });
}
