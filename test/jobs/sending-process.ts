/**
 * A process that sends due messages: `node sending-process.ts FOLDER NOW`. It writes to standard output once the sender
 * has a message, and then hangs until it is killed.
 */

import type { MessageSender } from '../../src/core/messaging/sender.ts';
import { systemClock } from '../../src/core/time.ts';
import { createSendMessagesJob } from '../../src/jobs/send-messages.ts';
import { createTestJournal, openCore } from './deployment.ts';

const [folder = '', now] = process.argv.slice(2);
const sender: MessageSender = {
  async send() {
    process.stdout.write('sent\n');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { kind: 'taken' };
  },
  close: async () => {},
};
const { core } = await openCore(folder, { ...systemClock, now: () => Number(now) });
const senders = { sms: sender, email: sender };
const job = createSendMessagesJob({ ...core, senders, outbox: sender, journal: createTestJournal() });
await job.run();
