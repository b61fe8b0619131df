/**
 * What is sent to people. A message is a row in the transaction that causes it; its address, text, code and
 * token are sealed, and dropped once a real sender has taken it. Sending is claimed with a lease, retried with
 * backoff, and ends: `sent`, `kept` (the development outbox keeps and shows it) or `failed`. What has ended is forgotten
 * after a month, the outbox's messages too.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
import type { Transitions } from '../transitions.ts';

export const channels = ['sms', 'email'] as const;
export type Channel = (typeof channels)[number];

export const messageTemplates = ['confirmation', 'password_reset', 'invitation', 'email_changed'] as const;
export type MessageTemplate = (typeof messageTemplates)[number];

/** What is said to whom. Sealed as a whole while it is kept. */
export interface MessageContent {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  readonly code?: string;
  readonly token?: string;
}

export type MessageState = 'queued' | 'sent' | 'kept' | 'failed';
export type MessageEvent = 'retry' | 'take' | 'keep' | 'give_up';

/** The life of a message: only a queued one is settled, and the store settles no other. In `docs/states.md`. */
export const messageTransitions: Transitions<MessageState, MessageEvent> = {
  queued: { retry: 'queued', take: 'sent', keep: 'kept', give_up: 'failed' },
  sent: {},
  kept: {},
  failed: {},
};

export interface Message {
  readonly orgKey: OrgKey;
  /** `msg_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  readonly channel: Channel;
  readonly template: MessageTemplate;
  /** True where no real sender may have it: it is for a template user. */
  readonly isOutboxOnly: boolean;
  /** Null once it was dropped. */
  readonly sealedContent: string | null;
  readonly state: MessageState;
  /** Attempts begun: a claim counts one before it is made, so that one that kills its process is counted. */
  readonly attempts: number;
  readonly createdAt: number;
}

/** Messages of one organization. */
export interface MessageStore {
  insert(message: Omit<Message, 'orgKey' | 'state' | 'attempts'>): Promise<void>;
}

/** Messages across organizations, for the job that sends them and the operator who looks. */
export interface MessageQueue {
  /** Takes a lease on due messages: nobody else gets them until `leaseMs` have passed. Oldest first. */
  claim(now: number, leaseMs: number, limit: number): Promise<readonly Message[]>;
  /**
   * Ends an attempt. `sent` and `failed` drop the content, `kept` leaves it, `queued` tries again at
   * `nextAttemptAt`. Nothing happens where the message is gone.
   */
  settle(
    message: Pick<Message, 'orgKey' | 'id'>,
    outcome:
      | { readonly state: Exclude<MessageState, 'queued'> }
      | { readonly state: 'queued'; readonly nextAttemptAt: number },
    now: number,
  ): Promise<void>;
  /** Messages that still have their content, newest first. */
  listWithContent(limit: number): Promise<readonly Message[]>;
  /** How many wait to be sent, and since when the one that was written first does; null for none. */
  summarize(): Promise<{ readonly queued: number; readonly since: number | null }>;
}

export const messageLeaseMs = minuteMs;
export const messageAttemptsMax = 12;
/** How long a message stays that has ended, for whoever looks. */
export const messageMemoryMs = 30 * dayMs;
const messageBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: hourMs };

/** When to try again after the `attempts`-th failure: 2 s, doubling, an hour at most. */
export function nextAttemptAt(attempts: number, now: number): number {
  return now + backoffMs(attempts, messageBackoff);
}

/** The text that is bound to a sealed content, so that it opens only as this message. */
export function messageContext(message: Pick<Message, 'orgKey' | 'id'>): string {
  return `message ${message.orgKey} ${message.id}`;
}
