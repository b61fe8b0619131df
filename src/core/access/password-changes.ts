/**
 * Which accounts change their password now: by the leases in the database, for all processes, and in the memory of this
 * one, which refuses first. `password-change.ts` has the rule.
 */
import { type DomainError, refuse } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { secondMs } from '../time.ts';
import { type Arrival, RecentEnds } from './arrival.ts';

/** A change ends after so many turns of the event loop without a refused request, and after that time at the latest. */
const quietTurns = 16;
const unreadMsMax = secondMs;

export interface PasswordLeaseStore {
  /** Takes the lease of the account until `expiresAt`; false where another holder has it beyond `now`. */
  claim(userId: UserId, holder: string, now: number, expiresAt: number): Promise<boolean>;
  /** Gives the lease back; false where the holder has lost it. */
  release(userId: UserId, holder: string): Promise<boolean>;
}

/** What is changed: an account or a link, by any text that names it alone. */
export type Subject = string;

export function inProgress(): DomainError {
  return refuse('change_in_progress', { retryAfterSeconds: 1 });
}

interface RunningChange {
  /** How many requests were refused meanwhile. */
  refused: number;
  /** Whether a request waits for the end. */
  isFollowed: boolean;
  readonly ended: PromiseWithResolvers<void>;
}

/** The changes that this process makes, and those that have ended lately. */
export class PasswordChanges {
  readonly #running = new Map<Subject, RunningChange>();
  readonly #ends = new RecentEnds();

  /** Refuses with `change_in_progress` a request that has arrived while a change of the subject was under way. */
  refuseMeanwhile(subject: Subject, arrival: Arrival): void {
    const running = this.#running.get(subject);
    if (running !== undefined) running.refused += 1;
    if (running !== undefined || this.#ends.has(subject, arrival)) throw inProgress();
  }

  begin(subject: Subject): void {
    this.#running.set(subject, { refused: 0, isFollowed: false, ended: Promise.withResolvers() });
  }

  /** Waits for the end of the change that is under way. False, at once, where there is none or another request waits. */
  async follow(subject: Subject): Promise<boolean> {
    const running = this.#running.get(subject);
    if (running === undefined || running.isFollowed) return false;
    running.isFollowed = true;
    await running.ended.promise;
    return true;
  }

  /**
   * Ends the change once the requests that have been sent meanwhile are refused. Node accepts one connection in a turn of
   * the event loop, so many that came together are read in as many turns.
   */
  async end(subject: Subject): Promise<void> {
    const running = this.#running.get(subject);
    const until = performance.now() + unreadMsMax;
    let refused = -1;
    while (refused !== running?.refused && performance.now() < until) {
      refused = running?.refused ?? 0;
      for (let turn = 0; turn < quietTurns; turn += 1) await new Promise(setImmediate);
    }
    this.#running.delete(subject);
    this.#ends.note(subject);
    running?.ended.resolve();
  }
}
