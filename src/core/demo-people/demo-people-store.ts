/**
 * The people whom `roster demo` has made. Their mark is a row of its own, which no change of the user touches, so that exactly
 * they can be removed again.
 */
import type { Session } from '../access/session.ts';
import type { UserId } from '../ids.ts';
import type { Message } from '../messaging/message.ts';
import type { Connection } from '../providers/connection.ts';

/** A session whose token no one has. */
export type DemoSession = Session & { readonly digest: string };

export type DemoConnection = Pick<
  Connection,
  | 'id'
  | 'userId'
  | 'provider'
  | 'status'
  | 'connectedAt'
  | 'lastSyncAt'
  | 'sealedGrants'
  | 'createdAt'
  | 'updatedAt'
>;

/** A message that has ended: nothing is sent. */
export type DemoMessage = Pick<
  Message,
  'id' | 'channel' | 'template' | 'state' | 'attempts' | 'createdAt'
> & {
  readonly userId: UserId;
};

/** Rows of demo people beside those of the users themselves. */
export interface DemoRows {
  /** The users who are marked. */
  readonly people: readonly UserId[];
  readonly sessions: readonly DemoSession[];
  readonly connections: readonly DemoConnection[];
  readonly messages: readonly DemoMessage[];
}

export interface DemoPeopleStore {
  /** Marks users, who are there already, and adds their other rows. */
  insertAll(rows: DemoRows): Promise<void>;
  /** In the order of their ids, after the id `after` (null: from the start). */
  list(after: UserId | null, limit: number): Promise<readonly UserId[]>;
  /** Whether the user is marked. */
  has(userId: UserId): Promise<boolean>;
  count(): Promise<number>;
}
