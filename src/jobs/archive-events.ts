/** Moves audit events into their archive, once a second. */
import type { Core } from '../core/core.ts';
import { EventArchiver } from '../core/record/archive-events.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createArchiveEventsJob(core: Pick<Core, 'work' | 'clock'>): Job {
  const archiver = new EventArchiver(core);
  return {
    name: 'audit archive',
    topic: null,
    pauseMs: secondMs,
    async run() {
      await archiver.advance();
      return false;
    },
  };
}
