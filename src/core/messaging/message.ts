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
  'staff_email_changed',
] as const;
export type MessageTemplate = (typeof messageTemplates)[number];

/** The messages to staff accounts, which are no users. */
export const staffTemplates = ['staff_email_changed'] as const satisfies readonly MessageTemplate[];

/** Whether a message is sent to no one. */
export function isDecoy({ userId, template }: Pick<Message, 'userId' | 'template'>): boolean {
  return userId === null && !staffTemplates.some((each) => each === template);
}

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

export const messageStates = ['queued', 'sent', 'kept', 'failed'] as const;
export type MessageState = (typeof messageStates)[number];
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
  /** Null for a message to staff, and for a decoy: that is stored and claimed as any other message, sent to no one, and then deleted. */
  readonly userId: UserId | null;
  readonly channel: Channel;
  readonly template: MessageTemplate;
  /** True for a message to a template user, which no real sender may get. */
  readonly isOutboxOnly: boolean;
  /** A keyed digest of the address's domain or of the number (`lane.ts`); empty once the message has ended. */
  readonly destination: string;
  /** Null once it was dropped. */
  readonly sealedContent: string | null;
  readonly state: MessageState;
  /** Attempts, each counted by its claim, so that an attempt that kills its process is counted too. */
  readonly attempts: number;
  readonly createdAt: number;
}

export const messageLeaseMs = minuteMs;
export const messageAttemptsMax = 12;
/** How long the row of a message in a final state stays, for the operator. */
export const messageRetentionMs = 30 * dayMs;
/** The longest wait before another attempt, also where a service asks for a longer one. */
export const messageWaitMaxMs = hourMs;
const messageBackoff: Backoff = { firstMs: 2 * secondMs, maxMs: messageWaitMaxMs };

/** When to retry after the `attempts`-th failure: after 2 s, doubling, at most an hour. */
export function nextAttemptAt(attempts: number, now: number): number {
  return now + backoffMs(attempts, messageBackoff);
}

/** The context that a sealed content is bound to, so that it opens only as this message. */
export function messageContext(message: Pick<Message, 'orgKey' | 'id'>): string {
  return `message ${message.orgKey} ${message.id}`;
}
