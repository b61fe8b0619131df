import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { messageAttemptsMax, messageLeaseMs, nextAttemptAt } from '../../src/core/messaging/message.ts';
import type { MessageSender, SendOutcome } from '../../src/core/messaging/sender.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { dayMs, hourMs, minuteMs } from '../../src/core/time.ts';
import { outboxSender } from '../../src/gateways/outbox-sender.ts';
import type { Job } from '../../src/jobs/runner.ts';
import { createSendMessagesJob } from '../../src/jobs/send-messages.ts';
import { claimDueMessages } from '../store/harness.ts';
import {
  createTestJournal,
  createTestSender,
  type Deployment,
  openCore,
  openDeployment,
  stateOf,
  type TestJournal,
} from './deployment.ts';

let deployment: Deployment;
let journal: TestJournal;
beforeEach(async () => {
  deployment = await openDeployment();
  journal = createTestJournal();
});
afterEach(() => deployment.close());

function jobWith(senders: { sms?: MessageSender; email?: MessageSender }, core = deployment.core): Job {
  return createSendMessagesJob({
    ...core,
    senders: { sms: outboxSender, email: outboxSender, ...senders },
    outbox: outboxSender,
    journal,
  });
}

/** One run of the job, until all that it started has ended. */
async function runPass(job: Job): Promise<void> {
  while (await job.run());
  await job.finish?.();
}

const tryAgain = (): SendOutcome => ({ kind: 'try_again', reason: 'http_503' });

describe('a message', () => {
  test('goes to the sender of its channel, once, and its content is dropped', async () => {
    const user = await deployment.addUser();
    const sms = createTestSender();
    const email = createTestSender();
    const job = jobWith({ sms, email });
    await deployment.postCode(user, '424242');
    await deployment.postInvitation(user);
    await runPass(job);
    await runPass(job);
    assert.deepEqual(
      [sms.sent.map(({ to, code }) => [to, code]), email.sent.map(({ to, token }) => [to, token])],
      [[['+15551234567', '424242']], [['jane@example.com', 'inv_1_token']]],
    );
    const gone = { state: 'sent', attempts: 1, hasContent: false };
    assert.deepEqual(deployment.messages().map(stateOf), [gone, gone]);
  });

  test('stays readable in the development outbox', async () => {
    await deployment.postCode(await deployment.addUser());
    await runPass(jobWith({}));
    assert.deepEqual(deployment.messages().map(stateOf), [{ state: 'kept', attempts: 1, hasContent: true }]);
  });

  test('for a template user never reaches a real sender', async () => {
    const sms = createTestSender();
    await deployment.postCode(await deployment.addUser({ isTemplate: true }));
    await runPass(jobWith({ sms }));
    assert.equal(sms.sent.length, 0);
    assert.deepEqual(deployment.messages().map(stateOf), [{ state: 'kept', attempts: 1, hasContent: true }]);
  });

  test('that is refused permanently is not retried, and its content is dropped', async () => {
    const sms = createTestSender(() => ({ kind: 'refused', reason: 'http_400_21211' }));
    await deployment.postCode(await deployment.addUser());
    const job = jobWith({ sms });
    await runPass(job);
    deployment.clock.advance(5 * minuteMs);
    await runPass(job);
    assert.equal(sms.sent.length, 1);
    assert.deepEqual(deployment.messages().map(stateOf), [
      { state: 'failed', attempts: 1, hasContent: false },
    ]);
    assert.equal(journal.notes[0]?.['reason'], 'http_400_21211');
  });

  test('that could not be sent is retried after its wait and not before, until it is sent', async () => {
    const sms = createTestSender((call) => (call < 3 ? tryAgain() : { kind: 'taken' }));
    await deployment.postCode(await deployment.addUser());
    const job = jobWith({ sms });
    for (const calls of [1, 2]) {
      await runPass(job);
      assert.equal(sms.sent.length, calls);
      const pause = nextAttemptAt(calls, 0);
      deployment.clock.advance(pause - 1);
      await runPass(job);
      assert.equal(sms.sent.length, calls);
      deployment.clock.advance(1);
    }
    await runPass(job);
    assert.deepEqual(deployment.messages().map(stateOf), [{ state: 'sent', attempts: 3, hasContent: false }]);
    assert.equal(new Set(sms.sent.map(({ id }) => id)).size, 1);
  });

  test('waits as long as the service asks', async () => {
    const sms = createTestSender((call) =>
      call === 1 ? { kind: 'try_again', reason: 'http_429', retryAfterMs: 90_000 } : { kind: 'taken' },
    );
    await deployment.postCode(await deployment.addUser());
    const job = jobWith({ sms });
    await runPass(job);
    deployment.clock.advance(89_999);
    await runPass(job);
    assert.equal(sms.sent.length, 1);
    deployment.clock.advance(1);
    await runPass(job);
    assert.equal(sms.sent.length, 2);
  });

  test('waits for an hour at most, also for a service that asks for a day', async () => {
    const email = createTestSender((call) =>
      call === 1 ? { kind: 'try_again', reason: 'http_429', retryAfterMs: dayMs } : { kind: 'taken' },
    );
    await deployment.postInvitation(await deployment.addUser());
    const job = jobWith({ email });
    await runPass(job);
    deployment.clock.advance(hourMs - 1);
    await runPass(job);
    assert.equal(email.sent.length, 1);
    deployment.clock.advance(1);
    await runPass(job);
    assert.equal(email.sent.length, 2);
  });

  test('fails after the last attempt', async () => {
    const email = createTestSender(tryAgain);
    await deployment.postInvitation(await deployment.addUser());
    const job = jobWith({ email });
    for (let attempt = 0; attempt < messageAttemptsMax + 3; attempt += 1) {
      await runPass(job);
      deployment.clock.advance(60 * minuteMs);
    }
    assert.equal(email.sent.length, messageAttemptsMax);
    assert.deepEqual(deployment.messages().map(stateOf), [
      { state: 'failed', attempts: messageAttemptsMax, hasContent: false },
    ]);
  });

  test('that the service refuses because of us is never given up by attempts, and the operator is told once a minute', async () => {
    const refusal: SendOutcome = { kind: 'try_again', reason: 'http_400_21606', isOurs: true };
    let isMended = false;
    const email = createTestSender(() => (isMended ? { kind: 'taken' } : refusal));
    await deployment.postInvitation(await deployment.addUser());
    const job = jobWith({ email });
    for (let attempt = 0; attempt < messageAttemptsMax + 8; attempt += 1) {
      await runPass(job);
      deployment.clock.advance(60 * minuteMs);
    }
    assert.equal(stateOf(deployment.messages()[0]).state, 'queued');
    assert.equal(email.sent.length, messageAttemptsMax + 8);
    isMended = true;
    await runPass(job);
    assert.equal(stateOf(deployment.messages()[0]).state, 'sent');
    const warnings = journal.notes.filter(
      ({ channel, messageId }) => channel === 'email' && messageId === undefined,
    );
    assert.equal(warnings.length, messageAttemptsMax + 8);
    const user = await deployment.addUser();
    await deployment.postInvitation(user);
    await deployment.postInvitation(user);
    isMended = false;
    await runPass(job);
    const more = journal.notes.filter(
      ({ channel, messageId }) => channel === 'email' && messageId === undefined,
    );
    assert.equal(more.length, warnings.length + 1);
  });

  test('whose code would arrive after its end is not sent', async () => {
    const sms = createTestSender();
    const job = jobWith({ sms });
    await deployment.postCode(await deployment.addUser());
    deployment.clock.advance(10 * minuteMs - 1_000);
    await runPass(job);
    assert.equal(sms.sent.length, 0);
    assert.equal(stateOf(deployment.messages()[0]).state, 'failed');
  });

  test('with an expired code is not sent', async () => {
    const sms = createTestSender(tryAgain);
    await deployment.postCode(await deployment.addUser());
    const job = jobWith({ sms });
    await runPass(job);
    deployment.clock.advance(10 * minuteMs);
    await runPass(job);
    assert.equal(sms.sent.length, 1);
    assert.deepEqual(deployment.messages().map(stateOf), [
      { state: 'failed', attempts: 2, hasContent: false },
    ]);
  });

  test('whose user is deleted during an attempt leaves nothing behind', async () => {
    const user = await deployment.addUser();
    const sms = createTestSender(async () => {
      await deployment.core.work.change(deployment.orgKey, (tx) => tx.users.erase(user, []));
      return { kind: 'try_again', reason: 'timeout' };
    });
    await deployment.postCode(user);
    await runPass(jobWith({ sms }));
    assert.deepEqual(deployment.messages(), []);
    assert.deepEqual(journal.faults, []);
  });

  test('leaves no address, text or code in the log, and none in the database once it is sent', async () => {
    const sms = createTestSender((call) => (call === 1 ? tryAgain() : { kind: 'taken' }));
    await deployment.postCode(await deployment.addUser(), '987654');
    const job = jobWith({ sms });
    await runPass(job);
    deployment.clock.advance(minuteMs);
    await runPass(job);
    const logged = JSON.stringify(journal.notes);
    for (const text of ['5551234567', '987654']) assert.ok(!logged.includes(text), text);
    for (const name of readdirSync(deployment.folder)) {
      const bytes = readFileSync(join(deployment.folder, name), 'latin1');
      for (const text of ['5551234567', '987654']) assert.ok(!bytes.includes(text), `${text} in ${name}`);
    }
  });
});

describe('a fault of ours', () => {
  test('in a sender costs an attempt and not the message', async () => {
    const sms = createTestSender((call) => {
      if (call === 1) throw new TypeError('a mistake');
      return { kind: 'taken' };
    });
    await deployment.postCode(await deployment.addUser());
    const job = jobWith({ sms });
    await runPass(job);
    assert.equal(journal.faults.length, 1);
    deployment.clock.advance(minuteMs);
    await runPass(job);
    assert.deepEqual(deployment.messages().map(stateOf), [{ state: 'sent', attempts: 2, hasContent: false }]);
  });

  test('of a wrong secret leaves the message until the right secret is back', async () => {
    const sms = createTestSender();
    await deployment.postCode(await deployment.addUser());
    const wrong = { ...deployment.core, secrets: createSecretBox('another-secret-of-32-characters-or-more') };
    await runPass(jobWith({ sms }, wrong));
    assert.equal(sms.sent.length, 0);
    deployment.clock.advance(minuteMs);
    await runPass(jobWith({ sms }));
    assert.equal(sms.sent.length, 1);
  });
});

describe('many messages', () => {
  test('are each sent once by two processes on one database', async () => {
    const user = await deployment.addUser();
    for (let code = 0; code < 60; code += 1) await deployment.postCode(user, String(code).padStart(6, '0'));
    const sms = createTestSender();
    const other = await openCore(deployment.folder, deployment.clock);
    await Promise.all([runPass(jobWith({ sms })), runPass(jobWith({ sms }, other.core))]);
    await other.closeStore();
    assert.equal(sms.sent.length, 60);
    assert.equal(new Set(sms.sent.map(({ code }) => code)).size, 60);
    assert.ok(deployment.messages().every((row) => stateOf(row).state === 'sent'));
  });

  test('by email do not wait for a text message service that hangs', async () => {
    const user = await deployment.addUser();
    const gate = Promise.withResolvers<SendOutcome>();
    const sms = createTestSender(() => gate.promise);
    const email = createTestSender();
    const job = jobWith({ sms, email });
    for (let count = 0; count < 5; count += 1) await deployment.postCode(user);
    assert.equal(await job.run(), false);
    await deployment.postInvitation(user);
    assert.equal(await job.run(), false);
    await until(() => email.sent.length === 1);
    assert.equal(sms.sent.length, 5);
    gate.resolve({ kind: 'taken' });
    await job.finish?.();
    assert.ok(deployment.messages().every((row) => stateOf(row).state === 'sent'));
  });

  test('are sent a bounded number at a time', async () => {
    const user = await deployment.addUser();
    for (let count = 0; count < 40; count += 1) await deployment.postCode(user);
    let underWay = 0;
    let most = 0;
    const sms = createTestSender(async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay -= 1;
      return { kind: 'taken' };
    });
    await runPass(jobWith({ sms }));
    assert.equal(sms.sent.length, 40);
    assert.ok(most > 1 && most <= 16, `${most} at a time`);
  });
});

describe('a process that is killed', () => {
  test('between sending and storing the outcome leaves a message that is sent again after the lease', async () => {
    await deployment.postCode(await deployment.addUser(), '135791');
    await runAndKill(deployment.clock.now());
    assert.deepEqual(deployment.messages().map(stateOf), [
      { state: 'queued', attempts: 1, hasContent: true },
    ]);

    const sms = createTestSender();
    const job = jobWith({ sms });
    deployment.clock.advance(messageLeaseMs - 1);
    await runPass(job);
    assert.equal(sms.sent.length, 0);
    deployment.clock.advance(1);
    await runPass(job);
    assert.deepEqual(
      sms.sent.map(({ code }) => code),
      ['135791'],
    );
    assert.deepEqual(deployment.messages().map(stateOf), [{ state: 'sent', attempts: 2, hasContent: false }]);
  });

  test('by one message each time has a bounded number of attempts', async () => {
    await deployment.postInvitation(await deployment.addUser());
    const claim = (): Promise<unknown> =>
      deployment.core.work.changeSystem('job', (tx) =>
        claimDueMessages(tx, { now: deployment.clock.now(), leaseMs: messageLeaseMs, limit: 1 }),
      );
    for (let attempt = 0; attempt < messageAttemptsMax; attempt += 1) {
      await claim();
      deployment.clock.advance(messageLeaseMs);
    }
    const email = createTestSender();
    await runPass(jobWith({ email }));
    assert.equal(email.sent.length, 0);
    assert.equal(stateOf(deployment.messages()[0]).state, 'failed');
  });
});

/** A process that sends due messages and is killed with `SIGKILL` while the sender has the message. */
async function runAndKill(now: number): Promise<void> {
  const program = join(import.meta.dirname, 'sending-process.ts');
  const child = spawn(process.execPath, [program, deployment.folder, String(now)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'close');
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
