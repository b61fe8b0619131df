/**
 * Deletes, once a minute, expired rows and the files that a crash has left. A transaction deletes a bounded number of
 * rows, so that other changes wait only briefly.
 */
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import type { Job } from './runner.ts';

/** Rows of each kind in one transaction. */
const batchMax = 500;

export function createHousekeepingJob(core: Core): Job {
  return {
    name: 'housekeeping',
    topic: null,
    pauseMs: minuteMs,
    async run() {
      const now = core.clock.now();
      const removed = await core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(now, batchMax));
      const events = await core.work.changeSystem('job', (tx) =>
        tx.housekeeping.sweepEvents(now - core.policy.auditMs, batchMax),
      );
      await core.ledger.grants.sweep();
      return removed >= batchMax || events >= batchMax;
    },
  };
}
