/**
 * Sends queued messages. A claim takes a lease on due messages and counts the attempt; the sender of the channel gets
 * each message, and its outcome is stored. After a crash in between, the lease expires and the message is sent again, so
 * each is sent at least once and rarely twice. Attempts are bounded, and a real sender never gets a message whose code
 * or link would arrive after its end.
 *
 * Each channel has places of its own (`places.ts`), so a service that hangs delays no other channel. Which messages come
 * next is decided in `core/messaging/claim-messages.ts`.
 */
import { ClockWatch } from '../core/clock-watch.ts';
import { type ChannelPlaces, claimMessages, MessageTurns } from '../core/messaging/claim-messages.ts';
import { kindOf } from '../core/messaging/lane.ts';
import {
  type Channel,
  isDecoy,
  type Message,
  type MessageContent,
  type MessageTemplate,
  messageAttemptsMax,
  messageContext,
  messageWaitMaxMs,
  nextAttemptAt,
} from '../core/messaging/message.ts';
import { type MessageSender, type SendOutcome, sendDeadlineMs, sendsMax } from '../core/messaging/sender.ts';
import type { SecretBox } from '../core/secret.ts';
import { type Clock, dayMs, minuteMs, secondMs } from '../core/time.ts';
import type { UnitOfWork } from '../core/unit-of-work.ts';
import { codeLifeMs } from '../core/verification/confirmation-code.ts';
import { emailTokenLifeMs } from '../core/verification/email-token.ts';
import { passwordTokenLifeMs } from '../core/verification/password-token.ts';
import type { Journal } from './journal.ts';
import { type PlaceLimits, Places } from './places.ts';
import type { Job } from './runner.ts';

export interface SendMessagesParts {
  readonly work: UnitOfWork;
  readonly clock: Clock;
  readonly secrets: SecretBox;
  readonly senders: Readonly<Record<Channel, MessageSender>>;
  /** Gets the messages that no real sender may get. */
  readonly outbox: MessageSender;
  readonly journal: Journal;
  /** Only where the clock is steady is a message given up because its code or link has ended. */
  readonly watch?: Pick<ClockWatch, 'isSteady'>;
  /** Messages that the sender of a channel gets at the same time, without slow ones; the usual number where absent. */
  readonly concurrency?: Readonly<Record<Channel, number>>;
}

/** Takes the decoys, and sends nothing. */
const noSender: Pick<MessageSender, 'send'> = { send: async () => ({ kind: 'taken' }) };

const defaultConcurrency: Readonly<Record<Channel, number>> = { sms: 32, email: 16 };
/** Text messages to one number, and emails to one domain. */
const perDestination: Readonly<Record<Channel, number>> = { sms: 8, email: 4 };
/** The outbox only stores what it gets. */
const outboxLimits: PlaceLimits = { atOnce: 64, inAll: 256, perDestination: 64 };

/** The longest wait for a place before due messages are looked for again: another process may have freed one. */
const placeWaitMs = 250;
/** A refusal of this deployment is told to the operator at most once in this time, for each reason. */
const warningPauseMs = minuteMs;
/** A message without an end is given up so long after it was written, if the service refuses this deployment. */
const refusedMaxMs = 3 * dayMs;

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
  staff_email_changed: Number.POSITIVE_INFINITY,
};

/** A code or a link must arrive before its end, and a send may take this long. */
const arrivalMs = sendDeadlineMs;

export function createSendMessagesJob(given: SendMessagesParts): Job {
  const parts = { ...given, watch: given.watch ?? new ClockWatch(given.clock) };
  const { work, clock, senders, outbox, concurrency = defaultConcurrency } = parts;
  const turns = new MessageTurns();
  const sends = new Set<Promise<void>>();
  const warn = createWarning(parts);
  let endWait = (): void => {};
  /** Whether a place became free, or messages were written, since the last claim began. */
  let hasChanged = false;
  const change = (): void => {
    hasChanged = true;
    endWait();
  };
  const placesOf = (channel: Channel): Places => {
    const atOnce = concurrency[channel];
    const limits = { atOnce, inAll: sendsMax(channel, atOnce), perDestination: perDestination[channel] };
    return new Places(senders[channel] === outbox ? outboxLimits : limits, change);
  };
  const places = { sms: placesOf('sms'), email: placesOf('email') } satisfies Record<Channel, ChannelPlaces>;

  function start(message: Message): void {
    const kind = kindOf(message.template);
    const send = places[message.channel].hold(kind, () => deliver(parts, message, warn));
    sends.add(send);
    void send.finally(() => sends.delete(send));
  }

  function waitForChange(): Promise<void> {
    if (hasChanged) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, placeWaitMs);
      endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    name: 'send_messages',
    topic: 'messages',
    pauseMs: secondMs,
    async run() {
      hasChanged = false;
      const claims = await work.changeSystem('job', (tx) => claimMessages(tx, turns, places, clock.now()));
      turns.advance(claims);
      for (const message of claims.messages) start(message);
      if (!claims.isMoreDue) return false;
      await waitForChange();
      return true;
    },
    endWait: change,
    async finish() {
      await Promise.all(sends);
    },
  };
}

type SendingParts = SendMessagesParts & Required<Pick<SendMessagesParts, 'watch'>>;

type Warn = (channel: Channel, reason: string) => void;

/** Tells the operator of refusals that only the operator can mend, and repeats each only after a pause. */
function createWarning({ clock, journal }: SendMessagesParts): Warn {
  const warnedAt = new Map<string, number>();
  return (channel, reason) => {
    const key = `${channel} ${reason}`;
    const now = clock.elapsed();
    const last = warnedAt.get(key);
    if (last !== undefined && now - last < warningPauseMs) return;
    warnedAt.set(key, now);
    journal.warn('the service refuses our sender, account or login', { channel, reason });
  };
}

/** Never rejects: where the outcome cannot be stored, the message is claimed again after its lease. */
async function deliver(parts: SendingParts, message: Message, warn: Warn): Promise<void> {
  const { work, clock, journal } = parts;
  try {
    const outcome = await attempt(parts, message);
    const isOurs = outcome.kind === 'try_again' && outcome.isOurs === true;
    if (isOurs) warn(message.channel, outcome.reason);
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
      ...(isOurs ? { side: 'ours' } : {}),
    });
  } catch (error) {
    journal.fault('settling a message failed', error);
  }
}

async function attempt(parts: SendingParts, message: Message): Promise<SendOutcome | typeof later> {
  const { clock, secrets, senders, outbox, journal, watch } = parts;
  const { channel, template, sealedContent } = message;
  const sender = isDecoy(message) ? noSender : message.isOutboxOnly ? outbox : senders[channel];
  if (sealedContent === null) return { kind: 'refused', reason: 'no_content' };
  if (sender !== outbox) {
    // No outcome of these attempts was stored, so each ended with its process. This message may be the cause.
    if (message.attempts > messageAttemptsMax) return { kind: 'refused', reason: 'too_many_attempts' };
    if (clock.now() >= lastStartOf(message)) {
      return watch.isSteady() ? { kind: 'refused', reason: 'expired' } : later;
    }
  }
  try {
    const content: MessageContent = JSON.parse(secrets.open(sealedContent, messageContext(message)));
    const leftMs = message.createdAt + validMs[template] - clock.now();
    const validity = Number.isFinite(leftMs) ? { validMs: leftMs } : {};
    return await sender.send({ ...content, ...validity, id: message.id });
  } catch (error) {
    journal.fault('sending a message failed', error);
    return { kind: 'try_again', reason: 'fault' };
  }
}

/** The message seems to be too late, but the clock may be wrong: it is looked at again in a minute. */
const later = { kind: 'later' } as const;

/** From this instant on no attempt begins, because a code or a link would arrive after its end. */
function lastStartOf({ createdAt, template }: Message): number {
  return createdAt + validMs[template] - arrivalMs;
}

type Settlement =
  | { readonly state: 'sent' | 'kept' | 'failed' }
  | { readonly state: 'queued'; readonly nextAttemptAt: number; readonly attempts: number };

function settlementOf(message: Message, outcome: SendOutcome | typeof later, now: number): Settlement {
  switch (outcome.kind) {
    case 'later':
      return { state: 'queued', nextAttemptAt: now + minuteMs, attempts: message.attempts - 1 };
    case 'taken':
      return { state: 'sent' };
    case 'kept':
      return { state: 'kept' };
    case 'refused':
      return { state: 'failed' };
    case 'try_again': {
      const wished = now + Math.min(outcome.retryAfterMs ?? 0, messageWaitMaxMs);
      const next = Math.max(wished, nextAttemptAt(message.attempts, now));
      const isLast =
        outcome.isOurs === true
          ? now - message.createdAt >= refusedMaxMs
          : message.attempts >= messageAttemptsMax;
      if (isLast || next >= lastStartOf(message)) return { state: 'failed' };
      // The last attempt is left for a refusal that concerns the message.
      return {
        state: 'queued',
        nextAttemptAt: next,
        attempts: Math.min(message.attempts, messageAttemptsMax - 1),
      };
    }
  }
}
