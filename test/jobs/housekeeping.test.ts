import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { minuteMs } from '../../src/core/time.ts';
import { codeLifeMs } from '../../src/core/verification/confirmation-code.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import { steady } from '../support/server/clock.ts';
import { createTestJournal, type Deployment, openDeployment } from './deployment.ts';

let deployment: Deployment;
beforeEach(async () => {
  deployment = await openDeployment();
});
afterEach(() => deployment.close());

async function addHits(count: number): Promise<void> {
  const quotas = [{ limit: 1, windowMs: minuteMs }];
  const now = deployment.clock.now();
  await deployment.core.work.changeSystem('throttle', async (tx) => {
    for (let subject = 0; subject < count; subject += 1) {
      await tx.throttles.hit('signup', `subject ${subject}`, quotas, now);
    }
  });
}

test('expired rows are deleted and the others stay', async () => {
  const [old, young] = [await deployment.addUser(), await deployment.addUser()];
  const put = (userId: string): Promise<void> =>
    deployment.core.work.change(deployment.orgKey, (tx) =>
      tx.codes.put(userId, { digest: 'd', expiresAt: deployment.clock.now() + codeLifeMs, triesLeft: 5 }),
    );
  await put(old.id);
  deployment.clock.advance(codeLifeMs - 1);
  await put(young.id);
  const job = createHousekeepingJob(deployment.core, createTestJournal(), steady);
  await job.run();
  assert.equal(deployment.rows.count('confirmation_codes'), 2);
  deployment.clock.advance(1);
  await job.run();
  assert.deepEqual(
    deployment.rows.all('confirmation_codes').map((row) => row['user_id']),
    [young.id],
  );
});

test('many expired rows are deleted in batches, and each run says whether there are more', async () => {
  await addHits(1_100);
  deployment.clock.advance(minuteMs);
  const job = createHousekeepingJob(deployment.core, createTestJournal(), steady);
  const answers = [await job.run(), await job.run(), await job.run()];
  assert.deepEqual(answers, [true, true, false]);
  assert.equal(deployment.rows.count('throttle_hits'), 0);
});
