/**
 * Leads erasures to their receipts. Soon after a deletion it takes what has come by then, many at once: looking
 * through the database's files costs the same for one and for a thousand.
 */
import type { Core } from '../core/core.ts';
import { advanceErasures, completedAtOnce } from '../core/erasure/complete-erasures.ts';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

export const completeErasuresJob = 'complete_erasures';

export function createCompleteErasuresJob(core: Core, journal: Journal): Job {
  return {
    name: completeErasuresJob,
    everyMs: secondMs,
    async run() {
      const { taken, completed, waiting, postponed, sealed } = await advanceErasures(core, completedAtOnce);
      if (taken > 0) journal.note('erasures', { taken, completed, waiting, postponed, sealed });
      return taken === completedAtOnce && postponed === 0;
    },
  };
}
