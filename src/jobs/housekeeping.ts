/**
 * Cuts, once a minute, times that were written while a clock was wrong, and deletes expired rows and the files that a crash has
 * left. A transaction changes a bounded number of rows, so that other changes wait only briefly. Nothing is deleted before the
 * clock has been steady for a while (`clock-watch.ts`).
 */
import { ClockWatch } from '../core/clock-watch.ts';
import type { Core } from '../core/core.ts';
import type { OrgKey } from '../core/ids.ts';
import { minuteMs } from '../core/time.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

/** Rows of each kind in one transaction. */
const batchMax = 500;
/** Transactions of a run that delete audit events, before the other rows have their turn again. */
const eventSweepsMax = 20;

export function createHousekeepingJob(
  core: Core,
  journal: Journal,
  watch: Pick<ClockWatch, 'isSteady'> = new ClockWatch(core.clock),
): Job {
  /** The organization after which events are looked for next: a run looks at some, so that its cost does not grow with all. */
  let after: OrgKey = 0;

  /** Deletes what is due in some organizations. Returns whether more may be due there. */
  async function sweepEvents(until: number): Promise<boolean> {
    for (let sweeps = 0; sweeps < eventSweepsMax; sweeps++) {
      const from = after;
      const { swept, next } = await core.work.changeSystem('job', (tx) =>
        tx.housekeeping.sweepEvents({ after: from, until, limit: batchMax }),
      );
      after = next;
      if (swept === 0) return false;
    }
    return true;
  }

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
      const hasMoreEvents = await sweepEvents(now - core.policy.auditMs);
      return mended >= batchMax || removed >= batchMax || hasMoreEvents;
    },
  };
}
