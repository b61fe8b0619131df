/**
 * Sessions of users: opaque tokens, kept as digests, good for 30 days since last use and 180 days at most.
 */

import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import { dayMs, minuteMs } from '../time.ts';

export const sessionIdleMs = 30 * dayMs;
export const sessionAgeMaxMs = 180 * dayMs;
/** A change of email or password asks for the password again once a session is older than this. */
export const sessionFreshMs = 10 * minuteMs;
/** Use is noted at most this often, so that reading does not write on every request. */
export const sessionNoteMs = minuteMs;

export interface Session {
  /** `ses_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  readonly startedAt: number;
  readonly lastUsedAt: number;
}

export interface SessionStore {
  insert(session: Session, digest: string): Promise<void>;
  /** The session and its user, whatever their state; null where no session has that digest. */
  findByDigest(digest: string): Promise<{ session: Session; user: User } | null>;
  /** Notes a use; nothing where the session has ended. */
  noteUse(sessionId: string, at: number): Promise<void>;
  /** False where the session had ended before. */
  end(sessionId: string): Promise<boolean>;
  /** Ends the sessions of a user, but for `except`; how many. */
  endAll(userId: UserId, except?: string): Promise<number>;
  listOf(userId: UserId): Promise<readonly Session[]>;
}

/** Whether the session is good at that instant. */
export function isAlive(session: Session, now: number): boolean {
  return now - session.lastUsedAt < sessionIdleMs && now - session.startedAt < sessionAgeMaxMs;
}
