/** Removes, once a minute and in small pieces that hold nobody up, the rows that have run out and what crashes have left. */
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import type { Job } from './runner.ts';

const pieceMax = 500;

export function createHousekeepingJob(core: Core): Job {
  return {
    name: 'housekeeping',
    topic: null,
    pauseMs: minuteMs,
    async run() {
      const removed = await core.work.changeSystem('job', (tx) =>
        tx.housekeeping.sweep(core.clock.now(), pieceMax),
      );
      await core.ledger.grants.sweep();
      return removed >= pieceMax;
    },
  };
}
