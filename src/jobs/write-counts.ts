/** Writes the counts of the audit log that are in memory: every few seconds, and when the server stops. */
import type { Core } from '../core/core.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createWriteCountsJob({ tally, work }: Pick<Core, 'tally' | 'work'>): Job {
  return {
    name: 'audit counts',
    topic: null,
    pauseMs: 5 * secondMs,
    async run() {
      await tally.write(work);
      return false;
    },
    finish: () => tally.write(work),
  };
}
