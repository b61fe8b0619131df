/** The clock jumps while messages are sent: none is lost, and none waits longer than its lease or its retry. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { messageLeaseMs } from '../../src/core/messaging/message.ts';
import type { MessageSender, SendOutcome } from '../../src/core/messaging/sender.ts';
import { dayMs } from '../../src/core/time.ts';
import { outboxSender } from '../../src/gateways/outbox-sender.ts';
import { createHousekeepingJob } from '../../src/jobs/housekeeping.ts';
import type { Job } from '../../src/jobs/runner.ts';
import { createSendMessagesJob } from '../../src/jobs/send-messages.ts';
import { claimDueMessages } from '../store/harness.ts';
import {
  createTestJournal,
  createTestSender,
  type Deployment,
  openDeployment,
  stateOf,
} from './deployment.ts';

let deployment: Deployment;
const journal = createTestJournal();
beforeEach(async () => {
  deployment = await openDeployment();
});
afterEach(() => deployment.close());

function jobWith({ sms }: { readonly sms: MessageSender }): Job {
  const senders = { sms, email: outboxSender };
  return createSendMessagesJob({ ...deployment.core, senders, outbox: outboxSender, journal });
}

/** One run of the job, until all that it started has ended. */
async function runPass(job: Job): Promise<void> {
  while (await job.run());
  await job.finish?.();
}

/** The pass of a process that has just started: its clock is not steady yet. */
async function housekeep(): Promise<void> {
  await createHousekeepingJob(deployment.core, journal).run();
}

const tryAgain = (): SendOutcome => ({ kind: 'try_again', reason: 'http_503' });

test('a message is not given up while the clock is ahead, and is sent when it is right again', async () => {
  const sms = createTestSender((call) => (call === 1 ? tryAgain() : { kind: 'taken' }));
  const job = jobWith({ sms });
  await deployment.postCode(await deployment.addUser());
  await runPass(job);
  deployment.clock.jump(400 * dayMs);
  await runPass(job);
  assert.deepEqual(stateOf(deployment.messages()[0]), { state: 'queued', attempts: 1, hasContent: true });
  deployment.clock.jump(-400 * dayMs);
  await housekeep();
  await runPass(job);
  assert.equal(sms.sent.length, 2);
  assert.equal(stateOf(deployment.messages()[0]).state, 'sent');
});

test('a message that was claimed, or waits, since the clock was ahead is sent after the next pass of housekeeping', async () => {
  deployment.clock.jump(400 * dayMs);
  await deployment.postCode(await deployment.addUser());
  await runPass(jobWith({ sms: createTestSender(tryAgain) }));
  const { now } = deployment.clock;
  await deployment.postCode(await deployment.addUser());
  // A process that is killed leaves its claim.
  await deployment.core.work.changeSystem('job', (tx) =>
    claimDueMessages(tx, { now: now(), leaseMs: messageLeaseMs, limit: 10 }),
  );
  deployment.clock.jump(-400 * dayMs);
  const sms = createTestSender();
  const job = jobWith({ sms });
  await runPass(job);
  assert.equal(sms.sent.length, 0);
  await housekeep();
  await runPass(job);
  assert.equal(sms.sent.length, 2);
});
