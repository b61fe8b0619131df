/**
 * Grants of erasures that a restored database does not know. For any backup and any time of the restore: no grant
 * counts as confirmed while a token is alive, and a revocation under way is completed.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe } from 'node:test';
import fc from 'fast-check';
import type { User } from '../../src/core/directory/user.ts';
import type { Erasure } from '../../src/core/erasure/erasure.ts';
import { mendGrants } from '../../src/core/erasure/mend-grants.ts';
import type { ReceiptClaims } from '../../src/core/erasure/receipt.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { replayLedger } from '../../src/core/erasure/replay.ts';
import { disconnect } from '../../src/core/providers/user-connections.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { hourMs } from '../../src/core/time.ts';
import { backUp, prepareRestore } from '../../src/store/copies/backup.ts';
import { openGrantsFolder } from '../../src/store/folder/open-grants.ts';
import { openCore } from '../jobs/deployment.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { type FaultProxy, startFaultProxy } from '../providers/fault-proxy.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { type LinkedFolder, makeLinkedFolder, type Running, secret } from './linked-folder.ts';
import { claimsIn } from './receipts.ts';

let server: AuthorizationServer;
let proxy: FaultProxy;
let linked: LinkedFolder;
let running: Running;
let copies: string;
let copyCount = 0;

before(async () => {
  server = await startAuthorizationServer();
  proxy = await startFaultProxy(server.url);
  copies = await mkdtemp(join(tmpdir(), 'roster-copies-'));
});
after(async () => {
  await rm(copies, { recursive: true });
  await proxy.close();
  await server.close();
});

async function open(): Promise<void> {
  proxy.plan(() => 'pass');
  linked = await makeLinkedFolder({ server, url: proxy.url });
  running = await linked.start();
}

async function close(): Promise<void> {
  await running.close();
  await linked.remove();
}

function copy(): string {
  copyCount += 1;
  const file = join(copies, `${copyCount}.db`);
  backUp(linked.folder, file);
  return file;
}

/** Replaces the database by a copy; no process has opened it yet. */
async function putBack(file: string): Promise<void> {
  await running.close();
  const restoration = prepareRestore(linked.folder, file);
  restoration.commit();
  restoration.end();
}

async function restore(file: string): Promise<void> {
  await putBack(file);
  running = await linked.start();
}

async function erasureOf(id: string): Promise<Erasure> {
  const erasure = await running.erasureOf(id);
  assert.ok(erasure, `${id} is forgotten`);
  return erasure;
}

async function claimsOf(id: string): Promise<ReceiptClaims> {
  const { receipt } = await erasureOf(id);
  return claimsIn(receipt ?? '', await listPublicKeys(running.core));
}

const outcomesOf = async (id: string) => (await claimsOf(id)).providers.map(({ outcome }) => outcome);

describe('a person whose grant was to end when the database was replaced', () => {
  beforeEach(open);
  afterEach(close);

  for (const [title, isInCopy] of [
    ['whom the copy has never heard of', false],
    ['who was not connected yet in the copy', true],
  ] as const) {
    test(`and ${title}: the erasure waits for the grant until it has ended`, async () => {
      const from = server.issued.length;
      const early = isInCopy ? await running.addUser({ externalId: 'early' }) : null;
      const file = copy();
      const user = early === null ? await running.connectUser() : await running.connect(early);
      proxy.plan(() => 'fail');
      const id = await running.erase(user);
      await running.work();
      await restore(file);
      assert.ok(!(await running.isThere(user)));
      await running.work();
      assert.equal((await erasureOf(id)).state, 'running');
      assert.equal((await server.liveTokens(from)).length, 2);
      proxy.plan(() => 'pass');
      await running.workOff(id);
      assert.deepEqual(await server.liveTokens(from), []);
      assert.deepEqual(await outcomesOf(id), ['confirmed']);
      assert.equal(typeof (await claimsOf(id)).replayed_at, 'string');
      assert.deepEqual(await running.core.ledger.grants.list(), []);
    });
  }

  test('and is found nowhere: the receipt says unconfirmed, and never anything else', async () => {
    const file = copy();
    const user = await running.connectUser();
    proxy.plan(() => 'fail');
    const id = await running.erase(user);
    await putBack(file);
    await rm(join(linked.folder, openGrantsFolder), { recursive: true });
    running = await linked.start();
    proxy.plan(() => 'pass');
    await running.workOff(id);
    assert.deepEqual(
      (await claimsOf(id)).providers.map(({ outcome, detail }) => [outcome, detail]),
      [['unconfirmed', 'grant_lost']],
    );
  });

  for (const [title, lose] of [
    ['removed', (path: string) => rm(path)],
    ['emptied', (path: string) => writeFile(path, '')],
    ['cut', (path: string) => truncate(path, 40)],
  ] as const) {
    test(`and its file was ${title} while the database knew it: the next start writes it again, and a later copy needs it`, async () => {
      const file = copy();
      const user = await running.connectUser();
      proxy.plan(() => 'fail');
      const id = await running.erase(user);
      await running.work();
      const [grant] = await running.core.ledger.grants.list();
      await running.close();
      await lose(join(linked.folder, openGrantsFolder, `${grant}.json`));
      running = await linked.start();
      assert.equal(await mendGrants(running.core), 1);
      assert.equal(await mendGrants(running.core), 0);
      await restore(file);
      assert.equal((await erasureOf(id)).state, 'running');
      proxy.plan(() => 'pass');
      await running.workOff(id);
      assert.deepEqual(await outcomesOf(id), ['confirmed']);
    });
  }

  test('and has ended: the erasure keeps its receipt', async () => {
    const file = copy();
    const user = await running.connectUser();
    const id = await running.erase(user);
    await running.workOff(id);
    const { receipt } = await erasureOf(id);
    await restore(file);
    assert.deepEqual([(await erasureOf(id)).state, (await erasureOf(id)).receipt], ['complete', receipt]);
  });

  for (const isInCopy of [false, true]) {
    const who = isInCopy ? 'who was not connected yet in the copy' : 'whom the copy has never heard of';
    test(`and has ended without a file beside the ledger, ${who}: it is not told as lost`, async () => {
      const early = isInCopy ? await running.addUser({ externalId: 'early' }) : null;
      const file = copy();
      const user = early === null ? await running.connectUser() : await running.connect(early);
      proxy.plan(() => 'fail');
      const id = await running.erase(user);
      // Only the line of the completion then says that the grant has ended.
      await rm(join(linked.folder, openGrantsFolder), { recursive: true });
      proxy.plan(() => 'pass');
      await running.workOff(id);
      assert.deepEqual(await outcomesOf(id), ['confirmed']);
      assert.deepEqual(
        (await linked.ledger()).map(({ kind }) => kind),
        ['accepted', 'completed'],
      );
      await restore(file);
      await running.workOff(id);
      assert.equal((await erasureOf(id)).state, 'complete');
      // A person whom the copy knows is erased again, and the new receipt is about what the copy has.
      assert.deepEqual(await outcomesOf(id), isInCopy ? [] : ['confirmed']);
      const kept = await running.core.work.read(linked.orgKey, (tx) => tx.revocations.listOfErasure(id));
      assert.ok(kept.every(({ outcome }) => outcome !== 'grant_lost'));
    });
  }

  test('and was one of two, of which the other has ended: the provider is not asked again about that one', async () => {
    const file = copy();
    const user = await running.connectUser();
    const [connection] = await running.core.work.read(linked.orgKey, (tx) => tx.connections.listOf(user.id));
    proxy.plan(() => 'fail');
    const input = { user: { id: user.id }, connectionId: connection?.id ?? '' };
    await disconnect(running.core, linked.operator, input);
    proxy.plan(() => 'pass');
    await running.connect(user);
    const id = await running.erase(user);
    const find = () => running.core.work.read(linked.orgKey, (tx) => tx.revocations.listOfErasure(id));
    await running.core.work.change(linked.orgKey, async (tx) => {
      const [, second] = await tx.revocations.listOfErasure(id);
      assert.ok(second);
      await tx.revocations.update(second, { nextAttemptAt: linked.clock.now() + hourMs });
    });
    await running.work();
    const before = (await find()).map(({ state }) => state);
    await restore(file);
    assert.deepEqual(before.toSorted(), ['confirmed', 'pending']);
    const after = await find();
    assert.deepEqual(after.map(({ state }) => state).sort(), ['confirmed', 'pending']);
    proxy.plan(() => 'pass');
    await running.workOff(id);
    assert.deepEqual(await outcomesOf(id), ['confirmed', 'confirmed']);
  });

  test('is waited for even if the replay is interrupted again and again', async () => {
    const from = server.issued.length;
    const file = copy();
    const ids: string[] = [];
    proxy.plan(() => 'pass');
    const users = [await running.connectUser(), await running.connectUser(), await running.addUser()];
    proxy.plan(() => 'fail');
    for (const user of users) ids.push(await running.erase(user));
    await putBack(file);
    const { core, closeStore } = await openCore(linked.folder, linked.clock, createSecretBox(secret));
    let left = 0;
    const failing: typeof core.work.changeSystem = (reason, task) => {
      if (left === 0) throw new Error('interrupted');
      left -= 1;
      return core.work.changeSystem(reason, task);
    };
    const interrupted = { ...core, work: { ...bound(core.work), changeSystem: failing } };
    for (let changes = 0; ; changes += 1) {
      left = changes;
      const isDone = await replayLedger(interrupted, { takesOther: false }).then(
        () => true,
        () => false,
      );
      if (isDone) break;
      assert.ok(changes < 20);
    }
    await closeStore();
    running = await linked.start();
    proxy.plan(() => 'pass');
    for (const id of ids) await running.workOff(id);
    assert.deepEqual(await server.liveTokens(from), []);
    assert.deepEqual(await Promise.all(ids.map(outcomesOf)), [['confirmed'], ['confirmed'], []]);
  });
});

function bound(work: Running['core']['work']): Running['core']['work'] {
  return {
    change: (orgKey, task) => work.change(orgKey, task),
    read: (orgKey, task) => work.read(orgKey, task),
    changeSystem: (reason, task) => work.changeSystem(reason, task),
    readSystem: (reason, task) => work.readSystem(reason, task),
    leavesOut: () => work.leavesOut(),
  };
}

test('in no order of connections, erasures, outages, backups and restores does a grant that is alive count as confirmed', async () => {
  const step = fc.constantFrom(
    'connect',
    'add',
    'erase',
    'erase',
    'work',
    'back up',
    'restore',
    'outage',
    'well',
    'wait',
  );
  const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (plot) => {
    await open();
    try {
      const there: { readonly user: User; readonly from: number; readonly to: number }[] = [];
      const erased = new Map<string, (typeof there)[number]>();
      const files = [copy()];
      const check = async (): Promise<void> => {
        for (const [id, { user, from, to }] of erased) {
          assert.ok(!(await running.isThere(user)), `after ${plot.join(', ')}`);
          if ((await erasureOf(id)).state !== 'complete') continue;
          assert.ok((await outcomesOf(id)).every((outcome) => outcome === 'confirmed'));
          const live = new Set(await server.liveTokens(from));
          assert.ok(!server.issued.slice(from, to).some((token) => live.has(token)));
        }
      };
      for (const each of plot) {
        switch (each) {
          case 'connect':
          case 'add': {
            const from = server.issued.length;
            proxy.plan(() => 'pass');
            const user = each === 'add' ? await running.addUser() : await running.connectUser();
            there.push({ user, from, to: server.issued.length });
            break;
          }
          case 'erase': {
            const next = there.pop();
            if (next !== undefined && (await running.isThere(next.user))) {
              erased.set(await running.erase(next.user), next);
            }
            break;
          }
          case 'work':
            await running.work();
            break;
          case 'back up':
            files.push(copy());
            break;
          case 'restore':
            await restore(files[(there.length + erased.size) % files.length] ?? '');
            break;
          case 'outage':
            proxy.plan(() => 'fail');
            break;
          case 'well':
            proxy.plan(() => 'pass');
            break;
          case 'wait':
            linked.clock.advance(hourMs);
            break;
        }
        await check();
      }
      proxy.plan(() => 'pass');
      for (const id of erased.keys()) {
        await running.workOff(id);
        assert.equal((await erasureOf(id)).state, 'complete');
      }
      await check();
      assert.deepEqual(await running.core.ledger.grants.list(), []);
    } finally {
      await close();
    }
  });
  await fc.assert(property, { numRuns: effort({ short: 6, long: 15 }) });
});
