/** The clock jumps while connections are refreshed and grants are ended: afterwards both go on within their own time. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deleteUser } from '../../src/core/directory/user-lifecycle.ts';
import { refreshLeaseMs } from '../../src/core/providers/connection.ts';
import { revocationLeaseMs } from '../../src/core/providers/revocation.ts';
import { dayMs, hourMs } from '../../src/core/time.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { createTestJournal } from '../jobs/deployment.ts';
import { steady } from '../support/server/clock.ts';
import { type Linked, openLinked } from './linked-deployment.ts';
import { providerName } from './linked-provider.ts';

let linked: Linked;
before(async () => {
  linked = await openLinked();
});
after(() => linked.close());

/** Does the work while the clock is wrong, and then what housekeeping does with a clock that has been right for long. */
async function meanwhile(jumpMs: number, work: () => Promise<unknown>): Promise<void> {
  const { clock } = linked.deployment;
  clock.jump(jumpMs);
  await work();
  clock.jump(-jumpMs);
  await createHousekeepingJob(linked.core, createTestJournal(), steady).run();
}

for (const days of [400, 1]) {
  const jumpMs = days * dayMs;

  test(`${days} days forward: tokens that were refreshed meanwhile are refreshed again before they expire`, async () => {
    const { clock } = linked.deployment;
    const { connection } = await linked.connectUser();
    await meanwhile(jumpMs, linked.work);
    const { refreshAt = null } = (await linked.connectionOf(connection)) ?? {};
    assert.ok(refreshAt !== null && refreshAt >= clock.now() && refreshAt <= clock.now() + hourMs);
    clock.advance(refreshAt - clock.now());
    await linked.work();
    const after = await linked.connectionOf(connection);
    assert.ok(after?.refreshAt != null && after.refreshAt > clock.now());
    assert.deepEqual([after.status, after.refreshFailures], ['active', 0]);
  });

  test(`${days} days forward: a refresh whose process was killed meanwhile is made again`, async () => {
    const { clock } = linked.deployment;
    const { connection } = await linked.connectUser();
    await meanwhile(jumpMs, () =>
      linked.core.work.changeSystem('job', (tx) =>
        tx.connections.claimRefreshes(providerName, clock.now(), refreshLeaseMs, 100),
      ),
    );
    clock.advance(hourMs);
    await linked.work();
    const after = await linked.connectionOf(connection);
    assert.deepEqual([after?.status, after?.unanswered], ['active', 0]);
    assert.ok(after?.refreshAt != null && after.refreshAt > clock.now());
  });

  test(`${days} days forward: a grant whose end was under way meanwhile is ended, and its erasure complete`, async () => {
    const { clock } = linked.deployment;
    const { user } = await linked.connectUser();
    let id = '';
    await meanwhile(jumpMs, async () => {
      id = (await deleteUser(linked.core, linked.operator, { ref: { id: user.id } })).erasureId;
      await linked.core.work.changeSystem('job', (tx) =>
        tx.revocations.claim(providerName, clock.now(), revocationLeaseMs, 100),
      );
    });
    await linked.work();
    const state = linked.revocations().find(({ erasureId }) => erasureId === id)?.state;
    const erasure = await linked.core.work.readSystem('operator', (tx) => tx.erasures.find(id));
    assert.deepEqual([state, erasure?.state], ['confirmed', 'complete']);
  });
}

test('400 days forward: a grant that waits for its next attempt is not told as overdue', async () => {
  const { clock } = linked.deployment;
  const { user } = await linked.connectUser();
  linked.proxy.plan(() => 'refuse');
  const { erasureId } = await deleteUser(linked.core, linked.operator, { ref: { id: user.id } });
  await linked.work();
  await meanwhile(400 * dayMs, linked.work);
  const state = () => linked.revocations().find((each) => each.erasureId === erasureId)?.state;
  assert.equal(state(), 'pending');
  linked.proxy.plan(() => 'pass');
  clock.advance(hourMs);
  await linked.work();
  assert.equal(state(), 'confirmed');
});
