/** A clock for tests: it stands still until a test advances it. */
import type { Clock } from '../../../src/core/time.ts';

export interface FakeClock extends Clock {
  /** Advances the time by so many milliseconds. */
  advance(ms: number): void;
}

/** A clock that stands at `start`, an RFC 3339 time. */
export function createFakeClock(start = '2026-03-02T12:00:00.123Z'): FakeClock {
  let instant = Date.parse(start);
  return {
    now: () => instant,
    advance(ms) {
      instant += ms;
    },
  };
}
