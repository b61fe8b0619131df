/** Removes, once a minute and in small pieces that hold nobody up, the rows that have run out. */
import { type Clock, minuteMs } from '../core/time.ts';
import type { UnitOfWork } from '../core/unit-of-work.ts';
import type { Job } from './runner.ts';

const pieceMax = 500;

export function createHousekeepingJob(parts: { readonly work: UnitOfWork; readonly clock: Clock }): Job {
  return {
    name: 'housekeeping',
    everyMs: minuteMs,
    async run() {
      const removed = await parts.work.changeSystem('job', (tx) =>
        tx.housekeeping.sweep(parts.clock.now(), pieceMax),
      );
      return removed >= pieceMax;
    },
  };
}
