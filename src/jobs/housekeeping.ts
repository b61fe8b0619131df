/**
 * Cuts, once a minute, times that were written while a clock was wrong, and deletes expired rows and the files that a crash has
 * left. A transaction changes a bounded number of rows, so that other changes wait only briefly. Nothing is deleted before the
 * clock has been steady for a while (`clock-watch.ts`).
 */
import { ClockWatch } from '../core/clock-watch.ts';
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

/** Rows of each kind in one transaction. */
const batchMax = 500;

export function createHousekeepingJob(
  core: Core,
  journal: Journal,
  watch: Pick<ClockWatch, 'isSteady'> = new ClockWatch(core.clock),
): Job {
  return {
    name: 'housekeeping',
    topic: null,
    pauseMs: minuteMs,
    async run() {
      const now = core.clock.now();
      const isSteady = watch.isSteady();
      const mended = await core.work.changeSystem('job', (tx) =>
        tx.housekeeping.mendTimes(now, { isSteady, limit: batchMax }),
      );
      if (mended > 0) journal.warn('times that were too far ahead of the clock were cut', { rows: mended });
      await core.ledger.grants.sweep();
      if (!isSteady) return mended >= batchMax;
      const removed = await core.work.changeSystem('job', (tx) => tx.housekeeping.sweep(now, batchMax));
      const events = await core.work.changeSystem('job', (tx) =>
        tx.housekeeping.sweepEvents(now - core.policy.auditMs, batchMax),
      );
      return mended >= batchMax || removed >= batchMax || events >= batchMax;
    },
  };
}
