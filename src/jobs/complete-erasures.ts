/**
 * Leads erasures to their receipts. A round takes what has come by then, many at once, for looking through the
 * database's files costs the same for one and for a thousand. A first deletion is looked at without delay; while more
 * come, rounds rest for a multiple of the time that they take, so that those who delete are not held up by it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import { noteForgottenGrants } from '../core/erasure/accept-erasures.ts';
import { advanceErasures } from '../core/erasure/complete-erasures.ts';
import { minuteMs, secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

const roundMax = 5_000;

/** How long rounds rest. */
export interface Pace {
  readonly restMinMs: number;
  /** Rests are so many times as long as the round before them. */
  readonly restsPerRound: number;
}

/** Rounds take a tenth of the time at most. */
const defaultPace: Pace = { restMinMs: 100, restsPerRound: 9 };
const restMaxMs = minuteMs;
/** Longer rests are not waited for, or a stop would wait for them too. */
const waitMaxMs = 250;

export function createCompleteErasuresJob(
  core: Core,
  journal: Journal,
  { restMinMs, restsPerRound }: Pace = defaultPace,
): Job {
  let restsUntil = 0;
  let isFirst = true;
  return {
    name: 'complete_erasures',
    topic: 'erasures',
    pauseMs: secondMs,
    async run() {
      const left = restsUntil - performance.now();
      if (left > waitMaxMs) return false;
      if (left > 0) await sleep(left);
      if (isFirst) {
        await noteForgottenGrants(core);
        isFirst = false;
      }
      const beganAt = performance.now();
      const { taken, completed, waiting, postponed, sealed } = await advanceErasures(core, roundMax);
      if (taken === 0) return false;
      const endedAt = performance.now();
      const restMs = Math.min(restMaxMs, Math.max(restMinMs, restsPerRound * (endedAt - beganAt)));
      restsUntil = endedAt + restMs;
      journal.note('erasures', { taken, completed, waiting, postponed, sealed });
      return false;
    },
  };
}
