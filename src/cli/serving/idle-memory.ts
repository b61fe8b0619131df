/**
 * Gives memory back to the system while the process is idle. Node keeps the memory that a start or a burst of requests
 * has taken, and collects garbage only when it needs more. So this file runs a full garbage collection once the process
 * is idle and has grown. A collection stops the process for some tens of milliseconds: it does not run while requests
 * come in, and at most once a minute.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { minuteMs, secondMs } from '../../core/time.ts';

const checkEveryMs = secondMs;
/** Between two collections. The first one does not wait: every start leaves garbage behind. */
const pauseMs = minuteMs;
/** The share of time in which an idle event loop works; jobs that look for due work take less. */
const utilizationMax = 0.02;
/** Bytes; a collection that frees less is not worth its time. */
const growthMin = 8 * 1024 * 1024;

/** Watches this process from now on; does not keep it alive. */
export function freeMemoryWhenIdle(): void {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  let collectedAt = Number.NEGATIVE_INFINITY;
  let bytesAfter = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    if (utilization > utilizationMax || performance.now() - collectedAt < pauseMs) return;
    const bytes = readMemory();
    if (bytes === null || bytes - bytesAfter < growthMin) return;
    collectAll();
    collectedAt = performance.now();
    bytesAfter = readMemory() ?? bytes;
    last = performance.eventLoopUtilization();
  }, checkEveryMs).unref();
}

/** The memory of the process in bytes; null at the limit of open files, because Node reads it from a file. */
function readMemory(): number | null {
  try {
    return process.memoryUsage.rss();
  } catch {
    return null;
  }
}

/** Runs a full garbage collection, which gives the freed memory back to the system. */
function collectAll(): void {
  // V8 gives its collector to contexts that are created while the flag is set. Cached compiled code records the flags
  // that it was compiled with, so the flag is cleared again: a later start could not use the cache otherwise.
  setFlagsFromString('--expose-gc');
  const collect: (how: object) => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
