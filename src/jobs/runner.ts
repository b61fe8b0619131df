/**
 * Runs jobs: at once when nudged, and anyway after a pause, so that a nudge which got lost (in another process, in a
 * crash) costs a moment and nothing else. A job never runs twice at a time in one process; between processes the
 * leases of its rows decide. A fault is told, the job waits a little longer each time it fails, and goes on.
 */
import { setImmediate } from 'node:timers/promises';
import { secondMs } from '../core/time.ts';
import type { Journal } from './journal.ts';

export interface Job {
  readonly name: string;
  /** The pause between two runs that nobody asked for. */
  readonly everyMs: number;
  /** Does a bounded piece of what is due. True where there may be more to do at once. */
  run(): Promise<boolean>;
  /** Waits for what runs have left under way. Called once, when no run follows. */
  finish?(): Promise<void>;
}

export interface Runner {
  /** Has the job of that name run soon; again after the present run, where there is one. */
  nudge(name: string): void;
  /** Starts no run any more; resolves when what was running has come to its end. */
  stop(): Promise<void>;
}

const pauseMaxMs = 30 * secondMs;

/** Starts all the jobs. */
export function startJobs(jobs: readonly Job[], journal: Journal): Runner {
  const loops = new Map(jobs.map((job) => [job.name, startLoop(job, journal)]));
  return {
    nudge: (name) => loops.get(name)?.nudge(),
    async stop() {
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
  };
}

interface Loop {
  nudge(): void;
  stop(): Promise<void>;
}

function startLoop(job: Job, journal: Journal): Loop {
  let isNudged = false;
  let isStopped = false;
  let failures = 0;
  let wake = (): void => {};

  async function run(): Promise<void> {
    while (!isStopped) {
      // Before the run: a nudge that comes during it is for what it may have missed.
      isNudged = false;
      const hasMore = await runOnce();
      // Other work gets its turn between two runs, however much there is to do.
      if (hasMore) await setImmediate();
      else await pause();
    }
    await finish();
  }

  async function runOnce(): Promise<boolean> {
    try {
      const hasMore = await job.run();
      failures = 0;
      return hasMore;
    } catch (error) {
      failures += 1;
      journal.fault(`${job.name} failed`, error);
      return false;
    }
  }

  function pause(): Promise<void> {
    if (isNudged || isStopped) return Promise.resolve();
    const ms = Math.min(Math.max(pauseMaxMs, job.everyMs), job.everyMs * 2 ** Math.min(failures, 16));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function finish(): Promise<void> {
    try {
      await job.finish?.();
    } catch (error) {
      journal.fault(`${job.name} failed`, error);
    }
  }

  const ended = run();
  return {
    nudge() {
      isNudged = true;
      wake();
    },
    stop() {
      isStopped = true;
      wake();
      return ended;
    },
  };
}
