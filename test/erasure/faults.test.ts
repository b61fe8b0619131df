/**
 * Erasures with a provider that fails, refuses, hangs and loses answers, while the process ends or is killed in
 * between. No erasure is complete while introspection says that the grant is alive. The person is gone immediately.
 */

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import fc from 'fast-check';
import type { User } from '../../src/core/directory/user.ts';
import { abandonErasure } from '../../src/core/erasure/abandon-erasure.ts';
import type { Erasure } from '../../src/core/erasure/erasure.ts';
import type { ReceiptClaims } from '../../src/core/erasure/receipt.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { isRefusal } from '../../src/core/errors.ts';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';
import { type Fault, type FaultProxy, faults, startFaultProxy } from '../providers/fault-proxy.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { createDatabase } from '../support/postgres/postgres.ts';
import { findInFolder } from './bytes.ts';
import type { KilledTask } from './killed-process.ts';
import { runKilledTask } from './killed-task.ts';
import { type LinkedFolder, makeLinkedFolder, type Running } from './linked-folder.ts';
import { claimsIn } from './receipts.ts';

const traits = {
  externalId: 'ext-of-somebody-faulty',
  firstName: 'Aurelia Faulty',
  email: 'faulty@example.com',
};

for (const database of ['SQLite', 'PostgreSQL'] as const) {
  describe(`an erasure before a provider with faults, on ${database}`, () => {
    let server: AuthorizationServer;
    let proxy: FaultProxy;
    let linked: LinkedFolder;
    let running: Running;
    let drop: () => Promise<void> = async () => {};
    before(async () => {
      server = await startAuthorizationServer();
      proxy = await startFaultProxy(server.url);
      const own = database === 'SQLite' ? null : await createDatabase();
      if (own !== null) drop = () => own.drop();
      const link = { server, url: proxy.url, patienceMs: () => proxy.patienceMs };
      linked = await makeLinkedFolder(link, own?.url);
      running = await linked.start();
    });
    after(async () => {
      await running.close();
      await linked.remove();
      await drop();
      await proxy.close();
      await server.close();
    });

    interface Story {
      readonly user: User;
      readonly from: number;
      readonly id: string;
    }

    /** Erases a connected user; from then on the provider does what `plan` says. */
    async function erase(plan: () => void): Promise<Story> {
      proxy.plan(() => 'pass');
      const from = server.issued.length;
      const user = await running.connectUser(traits);
      plan();
      const id = await running.erase(user);
      assert.ok(!(await running.isThere(user)));
      return { user, from, id };
    }

    async function erasureOf({ id }: Story): Promise<Erasure> {
      const erasure = await running.erasureOf(id);
      assert.ok(erasure);
      return erasure;
    }

    /** The state; asserts that it is not `complete` beside a token that is alive. */
    async function honestState(story: Story): Promise<Erasure['state']> {
      const { state } = await erasureOf(story);
      if (state === 'complete') assert.deepEqual(await server.liveTokens(story.from), []);
      return state;
    }

    async function claimsOf(story: Story): Promise<ReceiptClaims> {
      const { receipt } = await erasureOf(story);
      return claimsIn(receipt ?? '', await listPublicKeys(running.core));
    }

    async function restart(): Promise<void> {
      await running.close();
      running = await linked.start();
    }

    /** Has another process do the work, and kills it in between. */
    async function killWorker({ user }: Story, killAt: number): Promise<void> {
      const { folder, databaseUrl, clock, orgKey } = linked;
      const killedTask: KilledTask = {
        ...{ folder, databaseUrl, now: clock.now(), orgKey, userId: user.id, killAt },
        ...{ serverUrl: server.url, proxyUrl: proxy.url, patienceMs: proxy.patienceMs },
      };
      await running.close();
      await runKilledTask(killedTask);
      running = await linked.start();
    }

    function inOrder(list: readonly Fault[]): () => Fault {
      const left = [...list];
      return () => left.shift() ?? 'pass';
    }

    for (const fault of faults) {
      test(`that first meets "${fault}" is complete once the provider has confirmed, and not before`, async () => {
        for (const list of [[fault], ['pass', fault], [fault, fault, fault]] as const) {
          const story = await erase(() => proxy.planHanging(inOrder(list)));
          await running.work();
          await honestState(story);
          proxy.plan(() => 'pass');
          await running.workOff(story.id);
          assert.equal(await honestState(story), 'complete');
          const claims = await claimsOf(story);
          assert.deepEqual(
            claims.providers.map(({ outcome }) => outcome),
            ['confirmed'],
          );
          assert.deepEqual(await running.core.ledger.grants.list(), []);
        }
      });
    }

    test('is running during the outage, overdue after thirty days with its grant and more attempts, and complete in the end', async () => {
      const story = await erase(() => proxy.plan(() => 'fail'));
      for (let hour = 0; hour < 24; hour += 1) {
        await running.work();
        linked.clock.advance(hourMs);
      }
      assert.equal(await honestState(story), 'running');
      assert.equal((await erasureOf(story)).sealedTraces, null, 'who it was is forgotten long before');
      if (database === 'SQLite')
        assert.deepEqual(await findInFolder(linked.folder, Object.values(traits)), []);
      linked.clock.advance(29 * dayMs - 2 * hourMs);
      await running.work();
      assert.equal(await honestState(story), 'running');
      linked.clock.advance(2 * hourMs);
      await running.work();
      assert.equal(await honestState(story), 'overdue');
      const grants = await running.core.ledger.grants.list();
      assert.equal(grants.length, 1);
      const find = () =>
        running.core.work.read(linked.orgKey, (tx) => tx.revocations.listOfErasure(story.id));
      const [before] = await find();
      assert.ok(before?.sealedGrant);
      await restart();
      linked.clock.advance(2 * hourMs);
      await running.work();
      const [later] = await find();
      assert.ok((later?.attempts ?? 0) > before.attempts, 'it is tried on');
      assert.equal(await honestState(story), 'overdue');
      assert.equal((await server.liveTokens(story.from)).length, 2);
      proxy.plan(() => 'pass');
      await running.workOff(story.id, 3);
      assert.equal(await honestState(story), 'complete');
      assert.deepEqual(
        (await claimsOf(story)).providers.map(({ outcome }) => outcome),
        ['confirmed'],
      );
    });

    test('that is abandoned drops the grant, and its receipt says unconfirmed and why', async () => {
      const story = await erase(() => proxy.plan(() => 'fail'));
      await running.work();
      const abandon = (id: string, reason: string) => abandonErasure(running.core, 'test', { id, reason });
      await assert.rejects(abandon(story.id, ' '), (error) => isRefusal(error, 'invalid_fields'));
      const { providers } = await abandon(story.id, 'The provider has closed down.');
      assert.deepEqual(providers, ['acme']);
      await running.work();
      assert.equal((await erasureOf(story)).state, 'complete');
      const claims = await claimsOf(story);
      assert.partialDeepStrictEqual(claims, {
        abandoned_because: 'The provider has closed down.',
        providers: [{ provider: 'acme', outcome: 'unconfirmed' }],
      });
      const revocations = await running.core.work.read(linked.orgKey, (tx) =>
        tx.revocations.listOfErasure(story.id),
      );
      assert.deepEqual(
        revocations.map(({ state, sealedGrant }) => [state, sealedGrant]),
        [['abandoned', null]],
      );
      assert.deepEqual(await running.core.ledger.grants.list(), []);
      await assert.rejects(abandon(story.id, 'Again.'), (error) => isRefusal(error, 'wrong_state'));
    });

    test('is never complete beside a grant that is alive, for any schedule of faults, waits, ends and kills', async () => {
      const step = fc.oneof(
        { weight: 6, arbitrary: fc.constant('work' as const) },
        { weight: 4, arbitrary: fc.constant('wait' as const) },
        { weight: 2, arbitrary: fc.constant('restart' as const) },
        { weight: 1, arbitrary: fc.integer({ min: 1, max: 30 }) },
      );
      const property = fc.asyncProperty(
        fc.array(fc.constantFrom(...faults), { maxLength: 10 }),
        fc.array(step, { minLength: 2, maxLength: 7 }),
        async (schedule, plot) => {
          const story = await erase(() => proxy.planHanging(inOrder(schedule)));
          for (const each of plot) {
            if (each === 'work') await running.work();
            else if (each === 'wait') linked.clock.advance(5 * minuteMs);
            else if (each === 'restart') await restart();
            else await killWorker(story, each);
            await honestState(story);
          }
          proxy.plan(() => 'pass');
          linked.clock.advance(5 * minuteMs);
          await running.workOff(story.id);
          assert.equal(await honestState(story), 'complete');
          assert.deepEqual(await running.core.ledger.grants.list(), []);
        },
      );
      await fc.assert(property, {
        numRuns: database === 'SQLite' ? effort({ short: 5, long: 12 }) : effort({ short: 3, long: 6 }),
      });
    });
  });
}
