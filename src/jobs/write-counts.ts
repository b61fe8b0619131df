/** Writes the counts of the audit log, and of requests that were shed, which are in memory: every few seconds, and when the server stops. */
import type { Core } from '../core/core.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createWriteCountsJob({ tally, shed, work }: Pick<Core, 'tally' | 'shed' | 'work'>): Job {
  const write = async (): Promise<void> => {
    await tally.write(work);
    await shed.write(work);
  };
  return {
    name: 'audit counts',
    topic: null,
    pauseMs: 5 * secondMs,
    async run() {
      await write();
      return false;
    },
    finish: write,
  };
}
