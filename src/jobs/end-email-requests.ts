/** Ends, once a minute, the requests of addresses that were not proved in seven days. */
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import { endEmailRequests } from '../core/verification/end-email-requests.ts';
import type { Job } from './runner.ts';

/** Requests in one pass. Each organization has one transaction. */
const batchMax = 100;

export function createEndEmailRequestsJob(core: Core): Job {
  return {
    name: 'end_email_requests',
    topic: null,
    pauseMs: minuteMs,
    run: async () => (await endEmailRequests(core, batchMax)) === batchMax,
  };
}
