/**
 * Completes erasures and their receipts. A pass takes all due erasures together, because a scan of the database's files
 * costs the same for one erasure and for a thousand. The first deletion gets a pass without delay. Then passes rest for
 * a multiple of their own time, so that they delay further deletions by little.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import { noteForgottenGrants } from '../core/erasure/accept-erasures.ts';
import { advanceErasures } from '../core/erasure/complete-erasures.ts';
import { writeLostEnds } from '../core/erasure/ledger-position.ts';
import { mendGrants } from '../core/erasure/mend-grants.ts';
import { minuteMs, secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

/** Erasures of one pass. */
const passMax = 5_000;

/** How long the job rests between passes. */
export interface Pace {
  readonly restMinMs: number;
  /** A rest is this many times as long as the pass before it. */
  readonly restsPerPass: number;
}

/** Passes take at most a tenth of the time. */
const defaultPace: Pace = { restMinMs: 100, restsPerPass: 9 };
const restMaxMs = minuteMs;
/** A run waits for no longer rest, because a stop of the server waits for the run. */
const waitMaxMs = 250;

export function createCompleteErasuresJob(
  core: Core,
  journal: Journal,
  { restMinMs, restsPerPass }: Pace = defaultPace,
): Job {
  let restsUntil = 0;
  /** Whether the ledger may lack something that a run before, or the process before, has committed. */
  let mayLack = true;
  /** Whether that was looked at in a part of the organizations only. The others are looked at once all can be reached. */
  let isPartial = false;
  return {
    name: 'complete_erasures',
    topic: 'erasures',
    pauseMs: secondMs,
    async run() {
      const left = restsUntil - performance.now();
      if (left > waitMaxMs) return false;
      if (left > 0) await sleep(left);
      if (mayLack || (isPartial && !core.work.leavesOut())) {
        isPartial = core.work.leavesOut();
        await writeLostEnds(core);
        await noteForgottenGrants(core);
        const grants = await mendGrants(core);
        if (grants > 0) journal.warn('files of open grants were missing: written again', { grants });
      }
      mayLack = true;
      const beganAt = performance.now();
      const { taken, completed, waiting, postponed, sealed } = await advanceErasures(core, passMax);
      mayLack = false;
      if (taken === 0) return false;
      const endedAt = performance.now();
      const restMs = Math.min(restMaxMs, Math.max(restMinMs, restsPerPass * (endedAt - beganAt)));
      restsUntil = endedAt + restMs;
      journal.note('erasures', { taken, completed, waiting, postponed, sealed });
      return false;
    },
  };
}
