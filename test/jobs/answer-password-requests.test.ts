import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { PublicPrincipal } from '../../src/core/access/principal.ts';
import type { Core } from '../../src/core/core.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import { hourMs } from '../../src/core/time.ts';
import { requestPasswordReset } from '../../src/core/verification/password-reset.ts';
import { createAnswerPasswordRequestsJob } from '../../src/jobs/answer-password-requests.ts';
import { createSendMessagesJob } from '../../src/jobs/send-messages.ts';
import {
  createTestJournal,
  createTestSender,
  type Deployment,
  openCore,
  openDeployment,
  type TestJournal,
} from './deployment.ts';

let deployment: Deployment;
let journal: TestJournal;
beforeEach(async () => {
  deployment = await openDeployment();
  journal = createTestJournal();
});
afterEach(() => deployment.close());

async function ask(email: string): Promise<void> {
  const principal: PublicPrincipal = { kind: 'public', door: 'general', orgKey: deployment.orgKey };
  await requestPasswordReset(deployment.core, principal, { email, network: '192.0.2.1' });
}

async function sweep(core: Core = deployment.core): Promise<void> {
  const job = createAnswerPasswordRequestsJob(core, journal);
  while (await job.run());
}

/** The messages to users; a decoy has none. */
const mails = () => deployment.messages().filter((row) => row['user_id'] !== null);

const otherSecret = createSecretBox('another-secret-of-32-characters-or-more');

describe('a request for a reset link', () => {
  test('leads to an email for an account and to nothing for a stranger, and is deleted in both cases', async () => {
    await deployment.addUser({ email: 'jane@example.com' });
    await ask('Jane@Example.com ');
    await ask('nobody@example.com');
    await sweep();
    assert.equal(deployment.rows.count('password_requests'), 0);
    assert.equal(mails().length, 1);
    assert.equal(deployment.rows.count('password_tokens'), 1);
  });

  test('of a stranger leaves a decoy, which no sender gets and nothing lists, until it was claimed', async () => {
    await ask('nobody@example.com');
    await sweep();
    assert.equal(deployment.messages().length, 1);
    const list = () => deployment.core.work.readSystem('operator', (tx) => tx.messages.listWithContent(10));
    assert.deepEqual(await list(), []);
    const sender = createTestSender();
    const senders = { sms: sender, email: sender };
    const sending = createSendMessagesJob({ ...deployment.core, senders, outbox: sender, journal });
    while (await sending.run());
    await sending.finish?.();
    assert.deepEqual(sender.sent, []);
    for (const table of ['messages', 'password_tokens', 'password_requests']) {
      assert.equal(deployment.rows.count(table), 0, table);
    }
    const events = deployment.rows.all('audit_events').map(({ action }) => action);
    assert.ok(!events.includes('password.reset_requested'));
  });

  test('is answered once by two processes on one database', async () => {
    await deployment.addUser({ email: 'jane@example.com' });
    await ask('jane@example.com');
    const other = await openCore(deployment.folder, deployment.clock);
    await Promise.all([sweep(), sweep(other.core)]);
    await other.closeStore();
    assert.equal(deployment.messages().length, 1);
  });

  test('is answered also with many before it', async () => {
    await deployment.addUser({ email: 'jane@example.com' });
    await Promise.all(Array.from({ length: 120 }, (_, n) => ask(`stranger-${n}@example.com`)));
    await ask('jane@example.com');
    await sweep();
    assert.equal(mails().length, 1);
  });

  test('that cannot be opened is reported and waits for the right secret', async () => {
    await deployment.addUser({ email: 'jane@example.com' });
    await ask('jane@example.com');
    await assert.rejects(sweep({ ...deployment.core, secrets: otherSecret }));
    assert.equal(deployment.rows.count('password_requests'), 1);
    await sweep();
    assert.equal(deployment.messages().length, 1);
  });

  test('that can never be opened does not delay the others, and is deleted after an hour', async () => {
    await deployment.addUser({ email: 'jane@example.com' });
    await requestPasswordReset(
      { ...deployment.core, secrets: otherSecret },
      { kind: 'public', door: 'general', orgKey: deployment.orgKey },
      { email: 'lost@example.com', network: '192.0.2.1' },
    );
    await ask('jane@example.com');
    await sweep();
    assert.equal(deployment.messages().length, 1);
    assert.equal(deployment.rows.count('password_requests'), 1);
    assert.equal(journal.faults.length, 1);
    deployment.clock.advance(hourMs);
    await assert.rejects(sweep());
    assert.equal(deployment.rows.count('password_requests'), 0);
  });
});
