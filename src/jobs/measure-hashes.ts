/** Reads, once after the upgrade, what the imported password hashes of each organization cost. */
import type { Core } from '../core/core.ts';
import { minuteMs } from '../core/time.ts';
import { measureHashes } from '../core/transfer/dearest-hash.ts';
import type { Job } from './runner.ts';

export function createMeasureHashesJob(core: Core): Job {
  return { name: 'measure_hashes', topic: null, pauseMs: minuteMs, run: () => measureHashes(core) };
}
