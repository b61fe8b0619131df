/** When a request arrived, which decides what its caller could know, and what has ended since. */
import { minuteMs } from '../time.ts';

/** What an operation that hashes a password knows of the request behind it: from where it came, and when. */
export interface Arrival {
  /** The caller's network. */
  readonly network: string;
  /** When the request began to arrive, in milliseconds of `performance.now`. */
  readonly arrivedAt: number;
  /** Aborted when the caller hangs up: work that has not begun is then dropped. */
  readonly hangUp?: AbortSignal | undefined;
}

/** How long an end is remembered: longer than a request is on its way to its operation. */
const endedMs = minuteMs;
const endedMax = 10_000;

/** What has ended lately, by any text that names it alone: a request that arrived before was composed without its outcome. */
export class RecentEnds {
  /** Oldest first; in milliseconds of `performance.now`. */
  readonly #endedAt = new Map<string, number>();

  note(subject: string): void {
    const now = performance.now();
    this.#endedAt.delete(subject);
    this.#endedAt.set(subject, now);
    for (const [oldest, endedAt] of this.#endedAt) {
      if (endedAt > now - endedMs && this.#endedAt.size <= endedMax) break;
      this.#endedAt.delete(oldest);
    }
  }

  /** Whether the subject has ended after the request arrived. */
  has(subject: string, { arrivedAt }: Pick<Arrival, 'arrivedAt'>): boolean {
    return arrivedAt < (this.#endedAt.get(subject) ?? 0);
  }
}
