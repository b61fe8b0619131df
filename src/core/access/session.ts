/**
 * Sessions of users: opaque tokens, stored as digests, valid for 30 days after the last use and 180 days at most.
 */

import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import { dayMs, minuteMs } from '../time.ts';

export const sessionIdleMs = 30 * dayMs;
export const sessionAgeMaxMs = 180 * dayMs;
/** In an older session, a change of email or password needs the present password. */
export const sessionFreshMs = 10 * minuteMs;
/** The time of use is stored at most this often, so that most requests write nothing. */
export const sessionNoteMs = minuteMs;

/** A sign-in beyond this number of sessions ends the oldest one. */
export const sessionsMax = 20;
/** From this number of wrong passwords in a row on, a session ends. */
export const sessionWrongPasswordsMax = 5;

export interface Session {
  /** `ses_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  readonly startedAt: number;
  readonly lastUsedAt: number;
}

export interface SessionStore {
  insert(session: Session, digest: string): Promise<void>;
  /** The session and its user, in any state; null where no session has that digest. */
  findByDigest(digest: string): Promise<{ session: Session; user: User } | null>;
  /** Stores the time of use; does nothing where the session has ended. */
  noteUse(sessionId: string, at: number): Promise<void>;
  /** False where the session has ended already. */
  end(sessionId: string): Promise<boolean>;
  /** Ends the sessions of a user without `except`; returns how many. */
  endAll(userId: UserId, except?: string): Promise<number>;
  /** The ids of the oldest sessions of a user beyond that number. */
  listSurplus(userId: UserId, keep: number): Promise<readonly string[]>;
  /** Oldest first. */
  listOf(userId: UserId): Promise<readonly Session[]>;
  /** The wrong passwords in a row that came with the session; null where it has ended. */
  findWrongPasswords(sessionId: string): Promise<number | null>;
  /** Counts one more and returns how many it are; 0 where the session has ended. */
  addWrongPassword(sessionId: string): Promise<number>;
  clearWrongPasswords(sessionId: string): Promise<void>;
}

/** Whether the session is valid at that instant. */
export function isAlive(session: Session, now: number): boolean {
  return now - session.lastUsedAt < sessionIdleMs && now - session.startedAt < sessionAgeMaxMs;
}
