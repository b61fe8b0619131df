/**
 * Runs jobs: immediately when committed rows wake them, and in any case after a pause. So a wake-up that is lost, in
 * another process or in a crash, costs a moment and nothing else. A job never runs twice at a time in one process;
 * between processes the leases of its rows decide. When a run fails, the runner reports the fault and retries after
 * a pause that doubles with each failure.
 */
import { setImmediate } from 'node:timers/promises';
import { backoffMs } from '../core/backoff.ts';
import { secondMs } from '../core/time.ts';
import type { Topic } from '../core/topic.ts';
import type { Journal } from './journal.ts';

export interface Job {
  /** Names the job in the log. */
  readonly name: string;
  /** Committed rows of this topic wake the job; null for a job that runs by its pause alone. */
  readonly topic: Topic | null;
  /** The pause between two runs when nothing wakes the job, in milliseconds. */
  readonly pauseMs: number;
  /** Does a bounded part of the due work. True where there may be more to do immediately. */
  run(): Promise<boolean>;
  /** Ends a wait of the present run. Called when rows of the topic are committed, and when the job stops. */
  endWait?(): void;
  /** Waits for the work that runs have started and not awaited. Called once, after the last run. */
  finish?(): Promise<void>;
}

export interface Runner {
  /** Has the jobs of the topic run soon; a job that is running runs once more afterwards. */
  wake(topic: Topic): void;
  /** Starts no further run; resolves when the present runs and the work that they started have ended. */
  stop(): Promise<void>;
}

/** The longest pause after failures, where the job's own pause is shorter. */
const failurePauseMaxMs = 30 * secondMs;

/** Starts all the jobs. */
export function startJobs(jobs: readonly Job[], journal: Journal): Runner {
  const loops = jobs.map((job) => ({ topic: job.topic, loop: startLoop(job, journal) }));
  return {
    wake(topic) {
      for (const each of loops) if (each.topic === topic) each.loop.wake();
    },
    async stop() {
      await Promise.all(loops.map(({ loop }) => loop.stop()));
    },
  };
}

interface Loop {
  wake(): void;
  stop(): Promise<void>;
}

function startLoop(job: Job, journal: Journal): Loop {
  let isWoken = false;
  let isStopped = false;
  let failures = 0;
  let endPause = (): void => {};

  async function run(): Promise<void> {
    while (!isStopped) {
      // Reset before the run: rows that are committed during the run may have been missed by it.
      isWoken = false;
      const hasMore = await runOnce();
      // Between two runs the event loop does other work, however much is due.
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
    if (isWoken || isStopped) return Promise.resolve();
    const longestMs = Math.max(failurePauseMaxMs, job.pauseMs);
    // The pause is doubled from the first failure on.
    const ms = backoffMs(failures + 1, { firstMs: job.pauseMs, maxMs: longestMs });
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
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
    wake() {
      isWoken = true;
      endPause();
      job.endWait?.();
    },
    stop() {
      isStopped = true;
      endPause();
      job.endWait?.();
      return ended;
    },
  };
}
