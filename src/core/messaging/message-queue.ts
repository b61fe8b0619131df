/** The ports to the stored messages: those of one organization, and the queue of all of them. */
import type { OrgKey, UserId } from '../ids.ts';
import type { MessageLane } from './lane.ts';
import type { Channel, Message, MessageState } from './message.ts';

/** Messages of one organization. */
export interface MessageStore {
  insert(message: NewMessage): Promise<void>;
  /** The messages that still have their content, newest first. Decoys are left out. */
  listWithContent(limit: number): Promise<readonly Message[]>;
  /** How many messages failed on each day (UTC), and what they cost, from the day that begins at `firstDay`; rows of 30 days exist. */
  countFailed(firstDay: number): Promise<readonly FailedMessages[]>;
  /**
   * Gives up the codes to the user that were tried and wait for another try, except the newest: a later code has made them
   * invalid.
   */
  giveUpEarlierCodes(userId: UserId, now: number): Promise<void>;
  /** The newest messages to the user, at most `limit`, newest first. */
  listOf(userId: UserId, limit: number): Promise<readonly TrackedMessage[]>;
  /** The newest messages of the organization, at most `limit`, newest first; `state` null: in any state. */
  list(state: MessageState | null, limit: number): Promise<readonly TrackedMessage[]>;
}

export interface NewMessage extends Omit<Message, 'orgKey' | 'state' | 'attempts'> {
  /** What a text was counted with (`sms-limits.ts`); absent for what costs nothing. */
  readonly cost?: number;
}

/** A message with the time of its next attempt, or, once it has ended, of its end. */
export interface TrackedMessage extends Message {
  readonly settlesAt: number;
}

/** The messages of a channel that were given up on a day. */
export interface FailedMessages {
  /** The first instant of the day. */
  readonly day: number;
  readonly channel: Channel;
  readonly messages: number;
  /** What the texts among them were counted with, in millionths of the currency of the prices. */
  readonly spent: number;
}

/** A claim of messages that are due, in one lane and of one organization. */
export interface MessageClaim {
  readonly now: number;
  readonly leaseMs: number;
  readonly lane: MessageLane;
  readonly orgKey: OrgKey;
  /** The turn begins after this destination; empty for the first one. */
  readonly after: string;
  readonly limit: number;
  /** How many messages of one destination may be under way at the same time, in all processes and lanes. */
  readonly perDestination: number;
}

/**
 * Messages across organizations, for the job that sends them and for the operator. A queued message is due, claimed or
 * waiting. Only `release` makes a claimed or a waiting message due again, once its lease or its wait has ended.
 */
export interface MessageQueue {
  /**
   * Makes messages due whose lease or wait has ended, at most `limit`. Until the transaction ends no other one releases
   * or claims messages, so each claim sees what others have claimed.
   */
  release(now: number, limit: number): Promise<void>;
  /** Organizations with messages that are due in the lane, in the order of their keys, after the given one. */
  listDueOrganizations(lane: MessageLane, after: OrgKey, limit: number): Promise<readonly OrgKey[]>;
  /**
   * Claims due messages of one lane and one organization, and counts the attempt. Destinations take turns: each gives its
   * oldest message before one of them gives its second, and those with fewer messages under way come first. For
   * `leaseMs` no other claim returns the messages.
   */
  claim(claim: MessageClaim): Promise<readonly Message[]>;
  /**
   * Ends an attempt. `sent` and `failed` drop the content, `kept` leaves it, `queued` makes a retry due at
   * `nextAttemptAt`, and stores how many attempts count. Does nothing where the message is gone.
   */
  settle(
    message: Pick<Message, 'orgKey' | 'id'>,
    outcome:
      | { readonly state: Exclude<MessageState, 'queued'> }
      | { readonly state: 'queued'; readonly nextAttemptAt: number; readonly attempts: number },
    now: number,
  ): Promise<void>;
  /** Ends the attempt of a decoy: deletes it. */
  dropDecoy(message: Pick<Message, 'orgKey' | 'id'>): Promise<void>;
  /** Messages that still have their content, newest first. Decoys are left out. */
  listWithContent(limit: number): Promise<readonly Message[]>;
  /** How many messages are queued, and when the oldest of them was written; null for none. */
  summarize(): Promise<{ readonly queued: number; readonly since: number | null }>;
  /** The lanes in which messages are due, with the time at which the oldest of them was written. */
  listOldestDue(): Promise<readonly { readonly lane: MessageLane; readonly since: number }[]>;
}
