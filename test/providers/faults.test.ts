/**
 * A provider that fails, hangs, refuses and loses its answers, at each call of a grant's life. In all cases nothing is
 * reported as ended while a token is valid, and once the provider works again every grant ends.
 */

import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { User } from '../../src/core/directory/user.ts';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import type { Connection } from '../../src/core/providers/connection.ts';
import { disconnect } from '../../src/core/providers/user-connections.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { type Fault, faults } from './fault-proxy.ts';
import { type Linked, openLinked, type RevocationFacts } from './linked-deployment.ts';

const hourMs = 3_600_000;

/** One person from the first connect on. */
interface Story {
  readonly user: User;
  readonly connection: Connection;
  readonly callback: URL;
  /** The index of the person's first token. */
  readonly from: number;
}

async function begin(linked: Linked): Promise<Story> {
  await linked.abandonAll();
  const user = await linked.deployment.addUser();
  const from = linked.server.issued.length;
  return { user, from, ...(await linked.visit(user)) };
}

/** Deletes the user; returns the id of the erasure. */
async function erase({ core, operator }: Linked, { user }: Story): Promise<string> {
  return (await deleteUser(core, operator, { ref: { id: user.id } })).erasureId;
}

async function isComplete({ core }: Linked, erasureId: string): Promise<boolean> {
  const erasure = await core.work.readSystem('operator', (tx) => tx.erasures.find(erasureId));
  return erasure?.state === 'complete';
}

function end(linked: Linked, { user, connection }: Story): Promise<Connection> {
  return disconnect(linked.core, linked.operator, { user: { id: user.id }, connectionId: connection.id });
}

function revocationsOf(linked: Linked, { connection }: Story): readonly RevocationFacts[] {
  return linked.revocations().filter(({ connectionId }) => connectionId === connection.id);
}

const isEnded = ({ state }: RevocationFacts): boolean => state === 'confirmed';

/** Checks that no connection and no erasure is reported as ended while a token is valid. */
async function checkHonesty(linked: Linked, story: Story, erasureId: string | null = null): Promise<void> {
  const connection = await linked.connectionOf(story.connection);
  const isCalledEnded =
    connection?.status === 'revoked' || (erasureId !== null && (await isComplete(linked, erasureId)));
  if (isCalledEnded) assert.deepEqual(await linked.server.liveTokens(story.from), []);
}

/** Resolves when the server gets a new request. */
async function untilAsked({ proxy }: Linked): Promise<void> {
  const count = proxy.asked.length;
  while (proxy.asked.length === count) await sleep(1);
}

/** The faults in their order, and then none. */
function inOrder(list: readonly Fault[]): () => Fault {
  const left = [...list];
  return () => left.shift() ?? 'pass';
}

/**
 * The kinds of providers. `isSure`: after a lost answer, the same request again ends all that was given, so every grant
 * ends in time. Otherwise a grant that may be valid stays open, and a few hours of attempts prove as much as a week.
 */
const providers = [
  { title: 'a provider that ends what is used twice', options: {}, isSure: true, hours: 168 },
  { title: 'one without introspection', options: { isIntrospected: false }, isSure: true, hours: 168 },
  {
    title: 'one that does not notice what is used twice',
    options: { endsReusedGrants: false, isForgetful: true },
    isSure: false,
    hours: 3,
  },
] as const;

for (const { title, options, isSure, hours } of providers) {
  describe(title, () => {
    let linked: Linked;
    before(async () => {
      linked = await openLinked(options);
    });
    after(() => linked.close());

    for (const fault of faults) {
      test(`a disconnect whose calls first meet "${fault}" ends, and not before the grant has ended`, async () => {
        for (const [revocation, other] of [
          [fault, 'pass'],
          ['pass', fault],
        ] as const) {
          linked.proxy.plan(() => 'pass');
          const story = await begin(linked);
          assert.equal(await linked.comeBack(story.callback), 'connected');
          let calls = 0;
          linked.proxy.planHanging((path) => {
            calls += 1;
            if (calls > 4) return 'pass';
            return path.includes('revocation') ? revocation : other;
          });
          await end(linked, story);
          for (let round = 0; round < 3; round += 1) {
            await linked.work();
            await checkHonesty(linked, story);
            linked.deployment.clock.advance(hourMs / 60);
          }
          linked.proxy.plan(() => 'pass');
          await linked.workOff(hours);
          assert.ok(revocationsOf(linked, story).every(isEnded));
          assert.deepEqual(await linked.server.liveTokens(story.from), []);
        }
      });

      test(`an exchange that meets "${fault}" and a deletion right after leave no valid grant without a revocation`, async () => {
        linked.proxy.plan(() => 'pass');
        const story = await begin(linked);
        linked.proxy.planHanging(() => fault);
        await linked.comeBack(story.callback);
        const erasureId = await erase(linked, story);
        await linked.work();
        await checkHonesty(linked, story, erasureId);
        linked.proxy.plan(() => 'pass');
        await linked.workOff(hours);
        await checkHonesty(linked, story, erasureId);
        // Where no request can end the tokens of a lost answer, the grant stays open instead of counting as ended.
        if (isSure) assert.ok(await isComplete(linked, erasureId));
      });

      test(`a refresh that meets "${fault}" loses no grant`, async () => {
        linked.proxy.plan(() => 'pass');
        const story = await begin(linked);
        assert.equal(await linked.comeBack(story.callback), 'connected');
        linked.proxy.planHanging(inOrder([fault]));
        linked.deployment.clock.advance(hourMs);
        await linked.work();
        linked.proxy.plan(() => 'pass');
        const erasureId = await erase(linked, story);
        await linked.workOff(hours);
        await checkHonesty(linked, story, erasureId);
        if (isSure) assert.ok(await isComplete(linked, erasureId));
      });
    }

    test('tokens that arrive while their user is erased are revoked', async () => {
      linked.proxy.plan(() => 'pass');
      const story = await begin(linked);
      linked.proxy.plan((path) => (path === '/token' ? 'slow' : 'pass'));
      const coming = linked.comeBack(story.callback);
      await untilAsked(linked);
      const erasureId = await erase(linked, story);
      assert.equal(await coming, 'withdrawn');
      assert.equal((await linked.server.liveTokens(story.from)).length, 2);
      await linked.workOff(hours);
      assert.ok(await isComplete(linked, erasureId));
      assert.deepEqual(await linked.server.liveTokens(story.from), []);
    });

    test('tokens that a refresh gives while their user is erased are revoked', async () => {
      linked.proxy.plan(() => 'pass');
      const story = await begin(linked);
      assert.equal(await linked.comeBack(story.callback), 'connected');
      linked.proxy.plan((path) => (path === '/token' ? 'slow' : 'pass'));
      linked.deployment.clock.advance(hourMs);
      const working = linked.work();
      await untilAsked(linked);
      const erasureId = await erase(linked, story);
      await working;
      linked.proxy.plan(() => 'pass');
      await linked.workOff(hours);
      assert.ok(await isComplete(linked, erasureId));
      assert.deepEqual(await linked.server.liveTokens(story.from), []);
    });

    test('after a lost refresh, a grant that is gone counts as ended only with a proof', async () => {
      linked.proxy.plan(() => 'pass');
      const story = await begin(linked);
      assert.equal(await linked.comeBack(story.callback), 'connected');
      linked.proxy.plan(inOrder(['lose']));
      for (let round = 0; round < 2; round += 1) {
        linked.deployment.clock.advance(hourMs);
        await linked.work();
      }
      assert.equal((await linked.connectionOf(story.connection))?.status, 'needs_user');
      // A new grant must not replace the revocation of the former one.
      const again = await linked.visit(story.user);
      assert.equal(await linked.comeBack(again.callback), 'connected');
      const erasureId = await erase(linked, story);
      await linked.workOff(hours);
      await checkHonesty(linked, story, erasureId);
      assert.equal(await isComplete(linked, erasureId), isSure);
    });

    test('no order of faults, refreshes, disconnects and deletions reports a valid grant as ended', async () => {
      const steps = fc.constantFrom('refresh', 'disconnect', 'erase', 'work', 'wait', 'return' as const);
      const property = fc.asyncProperty(
        fc.array(fc.constantFrom(...faults), { maxLength: 12 }),
        fc.array(steps, { minLength: 1, maxLength: 6 }),
        async (schedule, plot) => {
          linked.proxy.plan(() => 'pass');
          const story = await begin(linked);
          linked.proxy.planHanging(inOrder(schedule));
          // The other action may happen at any moment of the exchange.
          const coming = linked.comeBack(story.callback);
          let erasureId: string | null = null;
          for (const step of plot) {
            if (erasureId !== null) await linked.work();
            else if (step === 'erase') erasureId = await erase(linked, story);
            else if (step === 'disconnect') await end(linked, story);
            else if (step === 'return') await coming;
            else if (step === 'refresh') linked.deployment.clock.advance(hourMs);
            else if (step === 'wait') linked.deployment.clock.advance(hourMs / 60);
            await linked.work();
            await checkHonesty(linked, story, erasureId);
          }
          await coming;
          erasureId ??= await erase(linked, story);
          await linked.work();
          await checkHonesty(linked, story, erasureId);
          linked.proxy.plan(() => 'pass');
          await linked.workOff(hours);
          await checkHonesty(linked, story, erasureId);
          if (isSure) assert.ok(await isComplete(linked, erasureId));
        },
      );
      await fc.assert(property, { numRuns: effort({ short: 6, long: 15 }) });
    });
  });
}
