/**
 * Messages to people. A message is a row in the transaction that causes it; its address, text, code and token are
 * sealed, and dropped once a real sender has accepted it. A job claims messages with a lease and retries with backoff
 * until a final state: `sent`, `kept` (the development outbox keeps and shows it) or `failed`. The rows of all final
 * states are deleted after 30 days.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
import type { Transitions } from '../transitions.ts';

export const channels = ['sms', 'email'] as const;
export type Channel = (typeof channels)[number];

export const messageTemplates = [
  'confirmation',
  'email_proof',
  'password_reset',
  'invitation',
  'email_change',
  'email_taken',
  'email_changed',
  'sign_up_attempt',
  'email_undo',
  'phone_changed',
  'password_changed',
  'new_network',
] as const;
export type MessageTemplate = (typeof messageTemplates)[number];

/** Address and text of a message, sealed as a whole. */
export interface MessageContent {
  readonly to: string;
  readonly subject: string;
  readonly body: string;
  /** The name that an email shows as its sender; absent in messages from before it was stored. */
  readonly senderName?: string;
  readonly code?: string;
  readonly token?: string;
}

export type MessageState = 'queued' | 'sent' | 'kept' | 'failed';
export type MessageEvent = 'retry' | 'take' | 'keep' | 'give_up';

/** The life of a message. The store settles only queued messages. Drawn in `docs/states.md`. */
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
  /** Null for a decoy: it is stored and claimed as any other message, sent to no one, and then deleted. */
  readonly userId: UserId | null;
  readonly channel: Channel;
  readonly template: MessageTemplate;
  /** True for a message to a template user, which no real sender may get. */
  readonly isOutboxOnly: boolean;
  /** Null once it was dropped. */
  readonly sealedContent: string | null;
  readonly state: MessageState;
  /** Attempts, each counted by its claim, so that an attempt that kills its process is counted too. */
  readonly attempts: number;
  readonly createdAt: number;
}

/** Messages of one organization. */
export interface MessageStore {
  insert(message: Omit<Message, 'orgKey' | 'state' | 'attempts'>): Promise<void>;
}

/** Messages across organizations, for the job that sends them and for the operator. */
export interface MessageQueue {
  /** Claims due messages, oldest first. For `leaseMs` no other claim returns them. */
  claim(now: number, leaseMs: number, limit: number): Promise<readonly Message[]>;
  /**
   * Ends an attempt. `sent` and `failed` drop the content, `kept` leaves it, `queued` makes a retry due at
   * `nextAttemptAt`. Does nothing where the message is gone.
   */
  settle(
    message: Pick<Message, 'orgKey' | 'id'>,
    outcome:
      | { readonly state: Exclude<MessageState, 'queued'> }
      | { readonly state: 'queued'; readonly nextAttemptAt: number },
    now: number,
  ): Promise<void>;
  /** Ends the attempt of a decoy: deletes it. */
  dropDecoy(message: Pick<Message, 'orgKey' | 'id'>): Promise<void>;
  /** Messages that still have their content, newest first. Decoys are left out. */
  listWithContent(limit: number): Promise<readonly Message[]>;
  /** How many messages are queued, and when the oldest of them was written; null for none. */
  summarize(): Promise<{ readonly queued: number; readonly since: number | null }>;
}

export const messageLeaseMs = minuteMs;
export const messageAttemptsMax = 12;
/** How long the row of a message in a final state stays, for the operator. */
export const messageRetentionMs = 30 * dayMs;
const messageBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: hourMs };

/** When to retry after the `attempts`-th failure: after 2 s, doubling, at most an hour. */
export function nextAttemptAt(attempts: number, now: number): number {
  return now + backoffMs(attempts, messageBackoff);
}

/** The context that a sealed content is bound to, so that it opens only as this message. */
export function messageContext(message: Pick<Message, 'orgKey' | 'id'>): string {
  return `message ${message.orgKey} ${message.id}`;
}
