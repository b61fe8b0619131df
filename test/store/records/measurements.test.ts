/** What a store reports about itself to an operator. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, test } from 'node:test';
import { newDatedId, newPrefixedId, newUserId } from '../../../src/core/ids.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import {
  addTenant,
  claimDueMessages,
  databases,
  newUser,
  suiteOnEveryDatabase,
  type Tenant,
} from '../harness.ts';

suiteOnEveryDatabase('what waits in the stores', (own) => {
  let tenant: Tenant;

  beforeEach(async () => {
    tenant = await addTenant(own());
  });

  test('queued messages are counted, and no others, with the time of the one that was written first', async () => {
    const summarize = () => own().readSystem('operator', (tx) => tx.messages.summarize());
    assert.deepEqual(await summarize(), { queued: 0, since: null });
    const user = await own().change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    for (const createdAt of [5, 7, 9]) {
      await own().change(tenant.orgKey, (tx) =>
        tx.messages.insert({
          ...{ id: newPrefixedId('msg'), userId: user.id, channel: 'sms', template: 'confirmation' },
          ...{ isOutboxOnly: false, destination: 'of phone', sealedContent: 'sealed', createdAt },
        }),
      );
    }
    assert.deepEqual(await summarize(), { queued: 3, since: 5 });
    await own().changeSystem('job', async (tx) => {
      const [first] = await claimDueMessages(tx, { now: 10, leaseMs: 1, limit: 1 });
      assert.ok(first !== undefined);
      await tx.messages.settle(first, { state: 'failed' }, 10);
    });
    assert.deepEqual(await summarize(), { queued: 2, since: 7 });
  });

  test('erasures that are not complete are counted by state, with the time of the oldest', async () => {
    const summarize = () => own().readSystem('operator', (tx) => tx.erasures.summarize());
    assert.deepEqual(await summarize(), { running: 0, overdue: 0, since: null });
    const states = ['complete', 'overdue', 'running', 'running'] as const;
    for (const [at, state] of states.entries()) {
      await own().change(tenant.orgKey, (tx) =>
        tx.erasures.insert({
          ...{ id: newDatedId('era', at), userDigest: newUserId(), requestedAt: at, requestedBy: 'operator' },
          ...{
            door: 'test',
            state,
            removed: {},
            sealedTraces: null,
            dueAt: at,
            abandonReason: null,
            replayedAt: null,
          },
          ...(state === 'complete'
            ? { completedAt: at, receipt: 'signed' }
            : { completedAt: null, receipt: null }),
        }),
      );
    }
    assert.deepEqual(await summarize(), { running: 2, overdue: 1, since: 1 });
  });
});

for (const { name, make } of databases) {
  describe(`the measurements of a store on ${name}`, () => {
    test('a commit is reported once, with the number of its changes; nothing is in use afterwards', async () => {
      const commits: { changes: number; ms: number }[] = [];
      const own = await make({ onWritten: (changes, ms) => commits.push({ changes, ms }) });
      try {
        const tenant = await addTenant(own.store);
        const before = commits.length;
        const made = Array.from({ length: 20 }, () =>
          own.store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant))),
        );
        assert.ok(own.store.measurements().changesWaiting >= 20);
        await Promise.all(made);
        const told = commits.slice(before);
        assert.equal(
          told.reduce((sum, { changes }) => sum + changes, 0),
          20,
        );
        assert.ok(told.length < 20, `${told.length} commits`);
        assert.ok(told.every(({ ms }) => ms > 0));
        const { changesWaiting, file, connections } = own.store.measurements();
        assert.equal(changesWaiting, 0);
        const uses = connections.map(({ use, waiting }) => ({ use, waiting }));
        const both = ['changes', 'reads'].map((use) => ({ use, waiting: 0 }));
        assert.deepEqual(uses, name === 'SQLite' ? [] : both);
        assert.equal(connections.find(({ use }) => use === 'changes')?.inUse ?? 0, 0);
        assert.equal(file === null, name !== 'SQLite');
        if (file !== null) assert.ok(file.logBytes > 4_096, JSON.stringify(file));
      } finally {
        await own.dispose();
      }
    });
  });
}

test('the write-ahead log of a file behind a symbolic link is found', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'roster-link-'));
  await writeFile(join(folder, 'elsewhere.db'), '');
  await symlink(join(folder, 'elsewhere.db'), join(folder, databaseFile));
  const store = openStore({ dataDir: folder });
  try {
    await store.migrate();
    await addTenant(store);
    assert.ok((store.measurements().file?.logBytes ?? 0) > 4_096);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});
