/**
 * Sends what was written to people. A claim takes a lease on due messages and counts the attempt; each is handed to
 * the sender of its channel and settled. A crash in between costs nothing but time: the lease runs out and the
 * message is sent again, so that each is sent at least once and rarely twice. Attempts are bounded, and a real sender
 * never gets a message whose code or link has run out meanwhile.
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
import { passwordTokenLifeMs } from '../core/verification/password-token.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

export interface SendMessagesParts {
  readonly work: UnitOfWork;
  readonly clock: Clock;
  readonly secrets: SecretBox;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** Gets the messages that no real sender may have. */
  readonly outbox: MessageSender;
  readonly journal: Journal;
}

/** Messages that are with their senders at a time. */
const sendsMax = 16;

/** A service may ask to be left alone for so long at most. */
const retryAfterMaxMs = hourMs;

/** How long a message is of use, by what it carries. */
const usefulMs: Readonly<Record<MessageTemplate, number>> = {
  confirmation: codeLifeMs,
  password_reset: passwordTokenLifeMs.reset,
  invitation: passwordTokenLifeMs.invitation,
  email_changed: Number.POSITIVE_INFINITY,
};

export function createSendMessagesJob(parts: SendMessagesParts): Job {
  const { work, clock } = parts;
  const underWay = new Set<Promise<void>>();

  return {
    name: 'send_messages',
    topic: 'messages',
    pauseMs: secondMs,
    /** Starts sending as much as there is room for. A sender that hangs holds up its own messages only. */
    async run() {
      const room = sendsMax - underWay.size;
      const messages = await work.changeSystem('job', (tx) =>
        tx.messages.claim(clock.now(), messageLeaseMs, room),
      );
      for (const message of messages) {
        const task = deliver(parts, message).finally(() => underWay.delete(task));
        underWay.add(task);
      }
      const isFull = messages.length === room;
      if (isFull) await Promise.race(underWay);
      return isFull;
    },
    async finish() {
      await Promise.all(underWay);
    },
  };
}

/** Never rejects: a message that could not be settled comes again when its lease has run out. */
async function deliver(parts: SendMessagesParts, message: Message): Promise<void> {
  const { work, clock, journal } = parts;
  try {
    const outcome = await attempt(parts, message);
    const settlement = settlementOf(message, outcome, clock.now());
    await work.changeSystem('job', (tx) => tx.messages.settle(message, settlement, clock.now()));
    journal.note('message', {
      messageId: message.id,
      channel: message.channel,
      template: message.template,
      attempt: message.attempts,
      state: settlement.state,
      ...('reason' in outcome ? { reason: outcome.reason } : {}),
    });
  } catch (error) {
    journal.fault('settling a message failed', error);
  }
}

async function attempt(parts: SendMessagesParts, message: Message): Promise<SendOutcome> {
  const { clock, secrets, senders, outbox, journal } = parts;
  const { channel, template, sealedContent } = message;
  const sender = message.isOutboxOnly ? outbox : senders[channel];
  if (sealedContent === null) return { kind: 'refused', reason: 'no_content' };
  if (sender !== outbox) {
    // Each of those attempts ended with the process, for none was settled: this message may be why.
    if (message.attempts > messageAttemptsMax) return { kind: 'refused', reason: 'too_many_attempts' };
    const age = clock.now() - message.createdAt;
    if (age >= usefulMs[template]) return { kind: 'refused', reason: 'expired' };
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
