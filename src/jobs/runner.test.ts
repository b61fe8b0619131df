import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from './journal.ts';
import { type Job, startJobs } from './runner.ts';

const hourMs = 3_600_000;

/** A job whose runs end when the test says so. */
function gatedJob(pauseMs = hourMs): Job & { runs: number; concurrent: number; release: () => void } {
  let gate = Promise.withResolvers<void>();
  let running = 0;
  return {
    name: 'gated',
    topic: 'messages',
    pauseMs,
    runs: 0,
    concurrent: 0,
    async run() {
      this.runs += 1;
      running += 1;
      this.concurrent = Math.max(this.concurrent, running);
      await gate.promise;
      running -= 1;
      return false;
    },
    release() {
      gate.resolve();
      gate = Promise.withResolvers();
    },
  };
}

/** A job that counts its runs; `act` gets the number of the run. */
function countingJob(
  name: string,
  pauseMs: number,
  act: (run: number) => boolean = () => false,
): Job & { runs: number } {
  return {
    name,
    topic: 'revocations',
    pauseMs,
    runs: 0,
    async run() {
      this.runs += 1;
      return act(this.runs);
    },
  };
}

function fail(): never {
  throw new Error('the database is away');
}

function silentJournal(): Journal & { faults: string[] } {
  const faults: string[] = [];
  return { faults, note() {}, warn() {}, fault: (event) => faults.push(event) };
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('the condition was not met in time');
    await sleep(1);
  }
}

describe('a job', () => {
  test('runs at the start and again after its pause', async () => {
    const job = countingJob('steady', 5);
    const runner = startJobs([job], silentJournal());
    await until(() => job.runs >= 3);
    await runner.stop();
  });

  test('runs soon when a commit of its topic wakes it, however long its pause', async () => {
    const job = countingJob('slow', hourMs);
    const runner = startJobs([job], silentJournal());
    await until(() => job.runs === 1);
    runner.wake('revocations');
    await until(() => job.runs === 2);
    runner.wake('erasures');
    await sleep(20);
    assert.equal(job.runs, 2);
    await runner.stop();
  });

  test('never runs twice at a time, and runs once more for all commits during a run', async () => {
    const job = gatedJob();
    const runner = startJobs([job], silentJournal());
    await until(() => job.runs === 1);
    for (let count = 0; count < 10; count += 1) runner.wake('messages');
    job.release();
    await until(() => job.runs === 2);
    job.release();
    await sleep(20);
    assert.deepEqual([job.runs, job.concurrent], [2, 1]);
    await runner.stop();
  });

  test('runs again immediately while there is more to do', async () => {
    const job = countingJob('busy', hourMs, (run) => run < 50);
    const runner = startJobs([job], silentJournal());
    await until(() => job.runs === 50);
    await runner.stop();
  });

  test('that fails is reported and runs again; the others are not affected', async () => {
    const brittle = countingJob('brittle', 1, (run) => (run < 3 ? fail() : false));
    const other = countingJob('other', 1);
    const journal = silentJournal();
    const runner = startJobs([brittle, other], journal);
    await until(() => brittle.runs >= 4 && other.runs >= 4);
    await runner.stop();
    assert.deepEqual(journal.faults, ['brittle failed', 'brittle failed']);
  });
});

describe('the pause of a job', () => {
  /** The pauses of the first runs, in milliseconds, by timers that go on only when the test says so. */
  async function pausesOf(
    t: TestContext,
    job: Job & { runs: number },
    { count, ceilingMs }: { readonly count: number; readonly ceilingMs: number },
  ): Promise<number[]> {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const runner = startJobs([job], silentJournal());
    const pauses: number[] = [];
    await settle();
    while (pauses.length < count) {
      const { runs } = job;
      // The pause is the shortest time after which the job has run again.
      let ms = 0;
      while (job.runs === runs) {
        assert.ok(ms < ceilingMs, `no run within ${ceilingMs} ms, after the pauses ${pauses}`);
        const stepMs = ms < 1_000 ? 1 : 1_000;
        t.mock.timers.tick(stepMs);
        ms += stepMs;
        await settle();
      }
      pauses.push(ms);
    }
    await runner.stop();
    return pauses;
  }

  /** A run of these tests ends within a few turns of the event loop. */
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  }

  test('doubles with each failure, and is the short one again after a success', async (t) => {
    const job = countingJob('moody', 4, (run) => ([3, 4, 8].includes(run) ? false : fail()));
    const pauses = await pausesOf(t, job, { count: 9, ceilingMs: 1_000 });
    assert.deepEqual(pauses, [8, 16, 4, 4, 8, 16, 32, 4, 8]);
  });

  test('is at most half a minute after failures', async (t) => {
    const job = countingJob('broken', 1_000, fail);
    const pauses = await pausesOf(t, job, { count: 7, ceilingMs: 60_000 });
    assert.deepEqual(pauses, [2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('is its own one after failures where that is longer', async (t) => {
    const job = countingJob('rare', 40_000, fail);
    assert.deepEqual(await pausesOf(t, job, { count: 3, ceilingMs: 90_000 }), [40_000, 40_000, 40_000]);
  });
});

describe('stopping', () => {
  test('waits for the present run and for the work that it started, and starts no other', async () => {
    const ends: string[] = [];
    const job = gatedJob(1);
    const finish = async (): Promise<void> => {
      ends.push('finished');
    };
    const runner = startJobs([Object.assign(job, { finish })], silentJournal());
    await until(() => job.runs === 1);
    const stopped = runner.stop().then(() => ends.push('stopped'));
    runner.wake('messages');
    await sleep(20);
    assert.deepEqual(ends, []);
    job.release();
    await stopped;
    assert.deepEqual(ends, ['finished', 'stopped']);
    assert.equal(job.runs, 1);
  });

  test('does not wait for a pause to end', async () => {
    const runner = startJobs([countingJob('idle', hourMs)], silentJournal());
    await sleep(10);
    const start = performance.now();
    await runner.stop();
    assert.ok(performance.now() - start < 1_000);
  });
});
