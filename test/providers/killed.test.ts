/**
 * A process that is killed (`SIGKILL`) at every point of a grant's life, between any two of its transactions and calls
 * to the provider. The next process finds every grant that must end, and reports no valid grant as ended.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { slowTest as test } from '../support/effort.ts';
import type { KilledTask } from './killed-process.ts';
import { type Linked, openLinked } from './linked-deployment.ts';

const program = fileURLToPath(new URL('./killed-process.ts', import.meta.url));
const hourMs = 3_600_000;
/** More points than any task has. */
const pointsMax = 40;

/** A directory with an authorization server. */
interface Scene {
  readonly linked: Linked;
  readonly isForgetful: boolean;
}

/** Whether the process was killed; otherwise it has finished its task. */
async function runKilledTask(
  scene: Scene,
  killedTask: Pick<KilledTask, 'work' | 'subject' | 'killAt'>,
): Promise<boolean> {
  const { deployment, server, proxy } = scene.linked;
  const whole: KilledTask = {
    ...killedTask,
    folder: deployment.folder,
    now: deployment.clock.now(),
    orgKey: deployment.orgKey,
    serverUrl: server.url,
    proxyUrl: proxy.url,
    endsReusedGrants: !scene.isForgetful,
  };
  const child = spawn(process.execPath, [program, JSON.stringify(whole)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(child, 'exit');
  assert.ok(signal === 'SIGKILL' || code === 0, `ended with ${code} ${signal}`);
  return signal === 'SIGKILL';
}

/**
 * Lets the leases of the killed process expire, erases the user while the provider is down, and then lets the jobs
 * finish. At no moment may an erasure be complete while a token is valid.
 */
async function settle({ linked, isForgetful }: Scene, userId: string, from: number): Promise<void> {
  const { core, operator, server, deployment, proxy } = linked;
  deployment.clock.advance(hourMs / 10);
  const isThere = (await core.work.read(deployment.orgKey, (tx) => tx.users.find({ id: userId }))) !== null;
  if (isThere) await deleteUser(core, operator, { ref: { id: userId } });
  const check = async (): Promise<boolean> => {
    const erasures = await core.work.readSystem('operator', (tx) => tx.erasures.list(null, 1));
    const isComplete = erasures[0]?.state === 'complete';
    if (isComplete) assert.deepEqual(await server.liveTokens(from), []);
    return isComplete;
  };
  proxy.plan(() => 'fail');
  await linked.work();
  await check();
  proxy.plan(() => 'pass');
  await linked.workOff(isForgetful ? 3 : 168);
  // At a server that ends reused grants, a repeated request ends all that was given.
  if (!(await check())) assert.ok(isForgetful, 'the erasure is complete');
  await linked.abandonAll();
}

for (const isForgetful of [false, true]) {
  const kind = isForgetful
    ? 'one that does not notice what is used twice'
    : 'a provider that ends what is used twice';
  describe(`with ${kind}, a process killed at every point`, () => {
    let scene: Scene;
    before(async () => {
      const linked = await openLinked({ isForgetful, endsReusedGrants: !isForgetful });
      scene = { linked, isForgetful };
    });
    after(() => scene.linked.close());

    /** Runs the task repeatedly, killed one point later each time, until it finishes. */
    async function killEverywhere(
      work: KilledTask['work'],
      prepare: () => Promise<{ readonly userId: string; readonly subject: string; readonly from: number }>,
    ): Promise<number> {
      for (let killAt = 1; killAt < pointsMax; killAt += 1) {
        const { userId, subject, from } = await prepare();
        const isKilled = await runKilledTask(scene, { work, subject, killAt });
        await settle(scene, userId, from);
        if (!isKilled) return killAt - 1;
      }
      throw new Error('it never came to its end');
    }

    async function connected(): Promise<{ userId: string; subject: string; from: number }> {
      const from = scene.linked.server.issued.length;
      const { user } = await scene.linked.connectUser();
      return { userId: user.id, subject: user.id, from };
    }

    test('of an exchange leaves no valid grant without a revocation', async () => {
      const points = await killEverywhere('come_back', async () => {
        const from = scene.linked.server.issued.length;
        const user = await scene.linked.deployment.addUser();
        const { callback } = await scene.linked.visit(user);
        return { userId: user.id, subject: callback.href, from };
      });
      // Two transactions and a call.
      assert.equal(points, 3);
    });

    test('of a refresh leaves no valid grant without a revocation', async () => {
      const points = await killEverywhere('refresh', async () => {
        const person = await connected();
        scene.linked.deployment.clock.advance(hourMs);
        return person;
      });
      assert.equal(points, 3);
    });

    if (isForgetful) return;

    test('of a deletion and its jobs leaves no valid grant without a revocation', async () => {
      const points = await killEverywhere('erase', connected);
      // The deletion, the claim, two ends and two proofs, their result, and the transactions of the erasure.
      assert.ok(points >= 8, `${points} points`);
    });
  });
}
