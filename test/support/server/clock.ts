/** A clock for tests: it stands still until a test advances it. */
import type { Clock } from '../../../src/core/time.ts';

export interface FakeClock extends Clock {
  /** Lets so many milliseconds pass. */
  advance(ms: number): void;
  /** Sets the clock forward, or back by a negative number, while no time passes. */
  jump(ms: number): void;
}

/** Of a job that may delete and end at once what is over. */
export const steady = { isSteady: () => true } as const;

/** A clock that stands at `start`, an RFC 3339 time. */
export function createFakeClock(start = '2026-03-02T12:00:00.123Z'): FakeClock {
  let instant = Date.parse(start);
  let elapsed = 0;
  return {
    now: () => instant,
    elapsed: () => elapsed,
    advance(ms) {
      instant += ms;
      elapsed += ms;
    },
    jump(ms) {
      instant += ms;
    },
  };
}
