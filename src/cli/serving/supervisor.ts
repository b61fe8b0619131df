/**
 * Starts worker processes and supervises them. Each worker listens at the same address with a socket of its own, and the
 * system distributes the connections. So no request passes through the supervisor, and it opens no database. If the
 * settings ask for metrics, it serves those of all workers together (`worker-metrics.ts`).
 *
 * The first worker starts alone: it migrates, initialises, and reports faults in the settings. The others start once it
 * serves. The supervisor replaces a worker that ends, with a growing delay while workers end early. If no worker serves
 * and none stays up, it gives up. When it is stopped, it waits until all workers have ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MetricsServer } from '../../app/metrics.ts';
import type { LoadedConfig } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { settings } from '../../config/settings.ts';
import { CommandError, type Outcome } from '../command.ts';
import { freeMemoryWhenIdle } from './idle-memory.ts';
import { assigned, isServingMessage, type ServingMessage } from './worker-message.ts';

const replaceMinMs = 100;
const replaceMaxMs = 30_000;
/** A worker that serves this long counts as stable. */
const steadyMs = 10_000;
/** So many early ends in a row, while no worker serves, make the supervisor give up. */
const earlyEndsMax = 7;
/** Longer than a worker waits for its last requests. */
const stopMaxMs = 20_000;

/** Starts the workers; they serve until `stopped`. */
export async function supervise(
  { config }: LoadedConfig,
  env: Environment,
  stopped: Promise<string>,
): Promise<Outcome> {
  const { createProgramLogger } = await import('../../app/program-logger.ts');
  const logger = createProgramLogger(config);
  const log: Log = (level, event, fields) => logger[level](fields, event);
  const serving = new Set<ChildProcess>();
  const metrics = await serveMetrics(config, serving, log);
  try {
    const pool = new WorkerPool({ count: config.workers, env, serving, log });
    const introduction = await pool.start();
    freeMemoryWhenIdle();
    const ended = Promise.race([
      stopped.then((reason) => {
        log('info', 'the server stops', { reason });
        return pool.stop();
      }),
      pool.givenUp,
    ]);
    return { ...introduction, running: ended.finally(() => metrics?.close()) };
  } catch (error) {
    await metrics?.close();
    throw error;
  }
}

/** Runs before any worker starts: if the address is taken, nothing has been done yet. Null without metrics. */
async function serveMetrics(
  { metrics: at }: LoadedConfig['config'],
  serving: ReadonlySet<ChildProcess>,
  log: Log,
): Promise<MetricsServer | null> {
  if (at === null) return null;
  const { serveWorkerMetrics } = await import('./worker-metrics.ts');
  return serveWorkerMetrics({ at, serving, log });
}

/** Writes a log line in the format of the workers. */
type Log = (level: 'info' | 'warn', event: string, fields: object) => void;

interface WorkerPoolOptions {
  readonly count: number;
  readonly env: Environment;
  /** The pool adds and removes the workers that serve. */
  readonly serving: Set<ChildProcess>;
  readonly log: Log;
}

/** The workers of one supervisor. */
class WorkerPool {
  readonly #count: number;
  readonly #log: Log;
  readonly #end = Promise.withResolvers<never>();
  readonly #workers = new Set<ChildProcess>();
  readonly #serving: Set<ChildProcess>;
  #env: Environment;
  #earlyEnds = 0;
  #isStopping = false;

  constructor({ count, env, serving, log }: WorkerPoolOptions) {
    this.#count = count;
    this.#env = env;
    this.#serving = serving;
    this.#log = log;
  }

  /** Rejects when no worker serves and none stays up. */
  get givenUp(): Promise<never> {
    return this.#end.promise;
  }

  /** Starts the first worker, then the others. Returns the introduction that the first worker sends. */
  async start(): Promise<Pick<Outcome, 'json' | 'text'>> {
    const first = this.#fork(true);
    const { url, introduction } = await Promise.race([servingOf(first), endOf(first).then(refuseToStart)]);
    // With port 0 the first worker gets a free port; the others listen at the same one.
    this.#env = { ...this.#env, [settings.port.name]: new URL(url).port };
    this.#replaceAtEnd(first);
    this.#serves(first);
    for (let count = 1; count < this.#count; count++) this.#add();
    return introduction ?? { json: null, text: '' };
  }

  /** Stops every worker; each finishes the requests that it has begun. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const workers = [...this.#workers];
    const ended = Promise.all(workers.map(endOf));
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.race([ended, sleep(stopMaxMs, undefined, { ref: false })]);
    for (const worker of this.#workers) worker.kill('SIGKILL');
    await ended;
  }

  #fork(isFirst: boolean): ChildProcess {
    const env = assigned(this.#env, { isFirst, startedAt: performance.timeOrigin });
    // The options of the command line are in the environment by now.
    const worker = fork(process.argv[1] ?? '', ['serve'], { env });
    this.#workers.add(worker);
    worker.once('exit', () => this.#workers.delete(worker));
    return worker;
  }

  #add(): void {
    if (this.#isStopping) return;
    const worker = this.#fork(false);
    this.#replaceAtEnd(worker);
    void servingOf(worker).then(() => this.#serves(worker));
  }

  #serves(worker: ChildProcess): void {
    this.#serving.add(worker);
    void sleep(steadyMs, undefined, { ref: false }).then(() => {
      if (this.#serving.has(worker)) this.#earlyEnds = 0;
    });
  }

  /** Replaces the worker when it ends. */
  #replaceAtEnd(worker: ChildProcess): void {
    void endOf(worker).then(({ code, signal }) => {
      this.#serving.delete(worker);
      if (this.#isStopping) return;
      this.#earlyEnds += 1;
      if (this.#earlyEnds >= earlyEndsMax && this.#serving.size === 0) return this.#giveUp();
      const replacedInMs = Math.min(replaceMaxMs, replaceMinMs * 2 ** (this.#earlyEnds - 1));
      this.#log('warn', 'a worker has ended', { worker: worker.pid, code, signal, replacedInMs });
      setTimeout(() => this.#add(), replacedInMs);
    });
  }

  #giveUp(): void {
    void this.stop();
    this.#end.reject(new CommandError('no worker stays up: the log says why'));
  }
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

async function endOf(worker: ChildProcess): Promise<End> {
  const { exitCode, signalCode } = worker;
  if (exitCode === null && signalCode === null) await once(worker, 'exit');
  return { code: worker.exitCode, signal: worker.signalCode };
}

/** Resolves when the worker serves; never resolves if the worker ends before. */
function servingOf(worker: ChildProcess): Promise<ServingMessage> {
  return new Promise((resolve) => {
    worker.on('message', (message: unknown) => {
      if (isServingMessage(message)) resolve(message);
    });
  });
}

/** The first worker has printed the reason, unless it was killed. */
function refuseToStart({ code, signal }: End): never {
  if (code !== null && code !== 0) process.exit(code);
  throw new CommandError(`the first worker ended before it served (signal: ${signal ?? 'none'})`);
}
