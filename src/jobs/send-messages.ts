/**
 * Sends queued messages. A claim takes a lease on due messages and counts the attempt; the sender of the channel gets
 * each message, and its outcome is stored. After a crash in between, the lease expires and the message is sent again, so
 * each is sent at least once and rarely twice. Attempts are bounded, and a real sender never gets a message whose code
 * or link has expired.
 */
import {
  type Channel,
  type Message,
  type MessageContent,
  type MessageTemplate,
  messageAttemptsMax,
  messageContext,
  messageLeaseMs,
  nextAttemptAt,
} from '../core/messaging/message.ts';
import type { MessageSender, SendOutcome } from '../core/messaging/sender.ts';
import type { SecretBox } from '../core/secret.ts';
import { type Clock, hourMs, secondMs } from '../core/time.ts';
import type { UnitOfWork } from '../core/unit-of-work.ts';
import { codeLifeMs } from '../core/verification/confirmation-code.ts';
import { emailTokenLifeMs } from '../core/verification/email-token.ts';
import { passwordTokenLifeMs } from '../core/verification/password-token.ts';
import type { Journal } from './journal.ts';
import { createLanes, type Lane } from './lanes.ts';
import type { Job } from './runner.ts';

export interface SendMessagesParts {
  readonly work: UnitOfWork;
  readonly clock: Clock;
  readonly secrets: SecretBox;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** Gets the messages that no real sender may get. */
  readonly outbox: MessageSender;
  readonly journal: Journal;
}

/** Takes the decoys, and sends nothing. */
const noSender: Pick<MessageSender, 'send'> = { send: async () => ({ kind: 'taken' }) };

const isDecoy = ({ userId }: Message): boolean => userId === null;

/** Messages that senders have at one time, in one lane for all channels. */
const sendsMax = 16;

/** The longest wait that a service can ask for. */
const retryAfterMaxMs = hourMs;

/** How long the code or the link of a message is valid. */
const validMs: Readonly<Record<MessageTemplate, number>> = {
  confirmation: codeLifeMs,
  email_proof: emailTokenLifeMs.proof,
  password_reset: passwordTokenLifeMs.reset,
  invitation: passwordTokenLifeMs.invitation,
  email_change: emailTokenLifeMs.change,
  email_taken: Number.POSITIVE_INFINITY,
  email_changed: Number.POSITIVE_INFINITY,
  sign_up_attempt: emailTokenLifeMs.proof,
  email_undo: emailTokenLifeMs.undo,
  phone_changed: Number.POSITIVE_INFINITY,
  password_changed: Number.POSITIVE_INFINITY,
  new_network: Number.POSITIVE_INFINITY,
};

export function createSendMessagesJob(parts: SendMessagesParts): Job {
  const { work, clock } = parts;
  const lanes = createLanes(sendsMax);
  const lane: Lane<Message> = {
    name: 'messages',
    claim: (limit) => work.changeSystem('job', (tx) => tx.messages.claim(clock.now(), messageLeaseMs, limit)),
    work: (message) => deliver(parts, message),
  };
  return {
    name: 'send_messages',
    topic: 'messages',
    pauseMs: secondMs,
    run: () => lanes.fill([lane]),
    finish: () => lanes.settled(),
  };
}

/** Never rejects: where the outcome cannot be stored, the message is claimed again after its lease. */
async function deliver(parts: SendMessagesParts, message: Message): Promise<void> {
  const { work, clock, journal } = parts;
  try {
    const outcome = await attempt(parts, message);
    const settlement = settlementOf(message, outcome, clock.now());
    await work.changeSystem('job', ({ messages }) =>
      isDecoy(message) ? messages.dropDecoy(message) : messages.settle(message, settlement, clock.now()),
    );
    journal.note('message', {
      messageId: message.id,
      channel: message.channel,
      template: message.template,
      attempt: message.attempts,
      state: isDecoy(message) ? 'decoy' : settlement.state,
      ...('reason' in outcome ? { reason: outcome.reason } : {}),
    });
  } catch (error) {
    journal.fault('settling a message failed', error);
  }
}

async function attempt(parts: SendMessagesParts, message: Message): Promise<SendOutcome> {
  const { clock, secrets, senders, outbox, journal } = parts;
  const { channel, template, sealedContent } = message;
  const sender = isDecoy(message) ? noSender : message.isOutboxOnly ? outbox : senders[channel];
  if (sealedContent === null) return { kind: 'refused', reason: 'no_content' };
  if (sender !== outbox) {
    // No outcome of these attempts was stored, so each ended with its process. This message may be the cause.
    if (message.attempts > messageAttemptsMax) return { kind: 'refused', reason: 'too_many_attempts' };
    const age = clock.now() - message.createdAt;
    if (age >= validMs[template]) return { kind: 'refused', reason: 'expired' };
  }
  try {
    const content: MessageContent = JSON.parse(secrets.open(sealedContent, messageContext(message)));
    return await sender.send({ ...content, id: message.id });
  } catch (error) {
    journal.fault('sending a message failed', error);
    return { kind: 'try_again', reason: 'fault' };
  }
}

type Settlement =
  | { readonly state: 'sent' | 'kept' | 'failed' }
  | { readonly state: 'queued'; readonly nextAttemptAt: number };

function settlementOf(message: Message, outcome: SendOutcome, now: number): Settlement {
  switch (outcome.kind) {
    case 'taken':
      return { state: 'sent' };
    case 'kept':
      return { state: 'kept' };
    case 'refused':
      return { state: 'failed' };
    case 'try_again': {
      if (message.attempts >= messageAttemptsMax) return { state: 'failed' };
      const wished = now + Math.min(outcome.retryAfterMs ?? 0, retryAfterMaxMs);
      return { state: 'queued', nextAttemptAt: Math.max(wished, nextAttemptAt(message.attempts, now)) };
    }
  }
}
