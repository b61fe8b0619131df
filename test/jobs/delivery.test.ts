/** A message from its commit through the runner to services outside. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { outboxSender } from '../../src/gateways/outbox-sender.ts';
import { createSmtpSender } from '../../src/gateways/smtp-sender.ts';
import { createTwilioSender } from '../../src/gateways/twilio-sender.ts';
import { type Runner, startJobs } from '../../src/jobs/runner.ts';
import { createSendMessagesJob } from '../../src/jobs/send-messages.ts';
import { startSmtpServer, type TestSmtpServer, textOf } from '../support/machine/smtp.ts';
import { createTestJournal, type Deployment, openDeployment, stateOf } from './deployment.ts';

const answers: number[] = [];
const texts: string[] = [];
const twilio = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const status = answers.shift() ?? 201;
  if (status === 201) texts.push(new URLSearchParams(Buffer.concat(chunks).toString()).get('Body') ?? '');
  response.writeHead(status).end('{}');
});
let smtp: TestSmtpServer;
let deployment: Deployment;
let runner: Runner;
const closings: (() => Promise<unknown>)[] = [];

before(async () => {
  deployment = await openDeployment();
  await new Promise<void>((resolve) => twilio.listen(0, '127.0.0.1', resolve));
  const { port } = twilio.address() as AddressInfo;
  smtp = await startSmtpServer();
  const senders = {
    sms: createTwilioSender({
      accountSid: 'AC1',
      authToken: 't',
      from: '+15550001111',
      baseUrl: `http://127.0.0.1:${port}`,
    }),
    email: createSmtpSender({
      url: smtp.url,
      from: { name: '', address: 'no-reply@example.com' },
    }),
  };
  const journal = createTestJournal();
  const job = createSendMessagesJob({ ...deployment.core, senders, outbox: outboxSender, journal });
  // No test waits for this pause: what is sent in time was sent because the job was woken.
  runner = startJobs([{ ...job, pauseMs: 3_600_000 }], journal);
  closings.push(
    () => runner.stop(),
    () => senders.email.close(),
    () => smtp.stop(),
    () => new Promise((resolve) => twilio.close(resolve)),
    () => deployment.close(),
  );
});
after(async () => {
  twilio.closeAllConnections();
  for (const close of closings) await close();
});

test("a code and an invitation arrive in the user's language, the code at the second try", async () => {
  const user = await deployment.addUser({ language: 'es-MX' });
  answers.push(503);
  await deployment.postCode(user, '246810');
  await deployment.postInvitation(user, 'inv_1_abc');
  runner.wake('messages');
  await until(() => smtp.mails.length === 1 && stateOf(deployment.messages()[1]).state === 'sent');
  assert.match(textOf(smtp.mails[0]), /^http:\/\/localhost:8080\/set-password\?token=inv_1_abc$/m);
  // The outcome is stored: the retry is due before the lease would have expired.
  const retryAt = deployment.clock.now() + 2_000;
  await until(() => deployment.messages()[0]?.['next_attempt_at'] === retryAt);
  assert.deepEqual(texts, []);

  deployment.clock.advance(2_000);
  await until(() => {
    runner.wake('messages');
    return texts.length === 1;
  });
  assert.deepEqual(texts, ['Default: 246810 es su clave por 10 minutos. No la comparta.']);
  await until(() => deployment.messages().every((row) => stateOf(row).state === 'sent'));
  assert.deepEqual(
    deployment.messages().map((row) => stateOf(row).attempts),
    [2, 1],
  );
});

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('it did not come to pass');
    await sleep(2);
  }
}
