/** The port to the reasons for which staff looked at masked fields of people. */
import type { UserId } from '../ids.ts';

/** A look at masked fields of a person, and why. */
export interface Reveal {
  /** The id of its audit event. */
  readonly eventId: string;
  readonly userId: UserId;
  readonly reason: string;
  readonly at: number;
}

export interface RevealStore {
  insert(reveal: Reveal): Promise<void>;
  /** Those of a user, newest first; at most `limit`. */
  listOf(userId: UserId, limit: number): Promise<readonly Reveal[]>;
}
