/**
 * Gives memory back while there is nothing to do. Node keeps what a start or a burst of requests has taken, in the
 * hope of more to come, and collects what nobody uses only when it needs the room. So a process that has become
 * idle is made to collect it all, once it has grown. That stops it for some tens of milliseconds, which is why
 * it does not happen while requests are coming in, nor often.
 */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { minuteMs, secondMs } from '../../core/time.ts';

/** An idle process does not wait for its first rest: what the start has left behind is certain. */
const lookEveryMs = secondMs;
const pauseMs = minuteMs;
/** The jobs that look for work take less of the time. */
const idleMax = 0.02;
/** Less is not worth a collection. */
const growthMin = 8 * 1024 * 1024;

/** Watches over this process from now on; does not keep it alive. */
export function restWhenIdle(): void {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  let restedAt = Number.NEGATIVE_INFINITY;
  let bytesAtRest = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    if (utilization > idleMax || performance.now() - restedAt < pauseMs) return;
    if (process.memoryUsage.rss() - bytesAtRest < growthMin) return;
    collectAll();
    restedAt = performance.now();
    bytesAtRest = process.memoryUsage.rss();
    last = performance.eventLoopUtilization();
  }, lookEveryMs).unref();
}

/** Collects whatever can be collected and gives the room back to the system. */
function collectAll(): void {
  // V8 hands its collector to contexts that are made while the flag is set. Compiled code that is kept for the next
  // start names the flags that it was made under, so it is not left set.
  setFlagsFromString('--expose-gc');
  const collect: (how: object) => void = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
