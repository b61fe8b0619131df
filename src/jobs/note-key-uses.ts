/** Writes when the API keys were last used: some seconds after the first use in an hour, and when the server stops. */
import type { Core } from '../core/core.ts';
import { secondMs } from '../core/time.ts';
import type { Job } from './runner.ts';

export function createNoteKeyUsesJob({
  clock,
  keyUses,
  work,
}: Pick<Core, 'clock' | 'keyUses' | 'work'>): Job {
  return {
    name: 'uses of keys',
    topic: null,
    pauseMs: 5 * secondMs,
    async run() {
      await keyUses.write(work, clock.now());
      return false;
    },
    finish: () => keyUses.write(work, clock.now()),
  };
}
