/**
 * Sessions of staff accounts: opaque tokens, stored as digests, valid for 12 hours and for 30 minutes after the last use. A
 * session begins with the password, and opens with the second factor. Only an open one is a principal.
 */
import type { StaffRole } from '../access/principal.ts';
import type { OrgKey } from '../ids.ts';
import { hourMs, minuteMs, notBeyond, skewMs } from '../time.ts';

export const staffSessionAgeMaxMs = 12 * hourMs;
export const staffSessionIdleMs = 30 * minuteMs;
/** How long a person has for the second factor, or to set one up. */
export const staffStepMs = 15 * minuteMs;
/** How long a second factor counts as fresh. */
export const freshFactorMs = 5 * minuteMs;
/** The time of use is stored at most this often, so that most requests write nothing. */
export const staffSessionNoteMs = minuteMs;
/** A sign-in beyond this number of sessions ends the oldest one. */
export const staffSessionsMax = 10;

/**
 * `password`: a second factor has still to be given. `enrolment`: the account has none, and may only set one up. `open`: signed
 * in.
 */
export type StaffStage = 'password' | 'enrolment' | 'open';

export interface StaffSession {
  /** `ses_` and 32 hex digits. */
  readonly id: string;
  readonly staffId: string;
  readonly stage: StaffStage;
  /** From where it began. */
  readonly network: string;
  readonly startedAt: number;
  readonly lastUsedAt: number;
  /** When a second factor was given last. */
  readonly factorAt: number | null;
  /** The secret of a TOTP that is not confirmed yet, sealed. */
  readonly sealedTotp: string | null;
}

/** A session with what every request needs of its account. */
export interface StaffOfSession {
  readonly session: StaffSession;
  readonly role: StaffRole;
}

export interface StaffSessionStore {
  insert(session: StaffSession, digest: string): Promise<void>;
  /** Null where no session has that digest. */
  findByDigest(digest: string): Promise<StaffOfSession | null>;
  /** Stores the time of use; does nothing where the session has ended. */
  noteUse(sessionId: string, at: number): Promise<void>;
  /** Stores that a second factor was given; false where the session has ended. */
  noteFactor(sessionId: string, at: number): Promise<boolean>;
  /** Replaces the challenge that waits for its answer; false where the session has ended. */
  setChallenge(sessionId: string, challengeDigest: string): Promise<boolean>;
  /** Takes the challenge: true for the one that waits, once. */
  consumeChallenge(sessionId: string, challengeDigest: string): Promise<boolean>;
  /** Replaces the secret of a TOTP that is not confirmed yet; false where the session has ended. */
  setTotp(sessionId: string, sealed: string | null): Promise<boolean>;
  /** False where the session has ended already. */
  end(sessionId: string): Promise<boolean>;
  /** Ends the sessions of an account without `except`; returns how many. */
  endAll(staffId: string, except?: string): Promise<number>;
  /** Ends the oldest sessions of an account beyond that number; returns how many. */
  keepNewest(staffId: string, keep: number): Promise<number>;
  /** Oldest first. */
  listOf(staffId: string): Promise<readonly StaffSession[]>;
}

/** Whether the session is valid at that instant. */
export function isAliveStaff(session: StaffSession, now: number): boolean {
  return now < staffSessionEnd(session);
}

/** When the session ends without another use. */
export function staffSessionEnd({
  stage,
  startedAt,
  lastUsedAt,
}: Pick<StaffSession, 'stage' | 'startedAt' | 'lastUsedAt'>): number {
  if (stage !== 'open') return startedAt + staffStepMs;
  return Math.min(startedAt + staffSessionAgeMaxMs, lastUsedAt + staffSessionIdleMs);
}

/** Until when the last second factor counts as fresh; 0 for none, and for one that a wrong clock has put ahead. */
export function freshUntilOf({ factorAt }: Pick<StaffSession, 'factorAt'>, now: number): number {
  if (factorAt === null || factorAt > now + skewMs) return 0;
  return notBeyond(factorAt, 0, now) + freshFactorMs;
}

/** The context that a sealed secret of a session is bound to. */
export function pendingTotpContext({ orgKey, id }: { readonly orgKey: OrgKey; readonly id: string }): string {
  return `pending totp ${orgKey} ${id}`;
}
