/** Moves audit events into their archive, once a second. */
import type { Core } from '../core/core.ts';
import { archiveEvents } from '../core/record/archive-events.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createArchiveEventsJob(core: Pick<Core, 'work'>): Job {
  let after = 0;
  return {
    name: 'audit archive',
    topic: null,
    pauseMs: secondMs,
    async run() {
      after = await archiveEvents(core, after);
      return false;
    },
  };
}
