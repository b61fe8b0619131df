/**
 * Ends, once a minute, the requests of addresses that were not proved in seven days. That may erase an account, so the clock
 * must have been steady for a while (`clock-watch.ts`).
 */
import { ClockWatch } from '../core/clock-watch.ts';
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import { endEmailRequests } from '../core/verification/end-email-requests.ts';
import type { Job } from './runner.ts';

/** Requests in one pass. Each organization has one transaction. */
const batchMax = 100;

export function createEndEmailRequestsJob(
  core: Core,
  watch: Pick<ClockWatch, 'isSteady'> = new ClockWatch(core.clock),
): Job {
  return {
    name: 'end_email_requests',
    topic: null,
    pauseMs: minuteMs,
    run: async () => watch.isSteady() && (await endEmailRequests(core, batchMax)) === batchMax,
  };
}
