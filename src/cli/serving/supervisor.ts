/**
 * Starts worker processes and supervises them. Each worker listens at the same address with a socket of its own, and the
 * system distributes the connections. So no request passes through the supervisor, and it opens no database. If the
 * settings ask for metrics, it serves those of all workers together (`worker-metrics.ts`).
 *
 * The first worker starts alone: it migrates, initialises, and reports faults in the settings. The others start once it
 * serves. The supervisor replaces a worker that ends, with a growing delay while workers end early. If no worker serves
 * and none stays up, it gives up. When it is stopped, it waits until all workers have ended.
 *
 * The supervisor makes the sockets and keeps them open, but does not listen on them. So a worker that leaves passes its socket
 * on: its replacement starts first, listens on the same socket, and no connection that waits there is lost. The socket of a worker that
 * was killed is closed, so that the others get all new connections until another one serves.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { bindShared, type SharedSocket } from '../../app/listen.ts';
import type { MetricsServer } from '../../app/metrics.ts';
import type { LoadedConfig } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { settings } from '../../config/settings.ts';
import { CommandError, type Outcome } from '../command.ts';
import { freeMemoryWhenIdle } from './idle-memory.ts';
import {
  assigned,
  isLeaveMessage,
  isServingMessage,
  type ServingMessage,
  type StopMessage,
} from './worker-message.ts';

const replaceMinMs = 100;
const replaceMaxMs = 30_000;
/** A worker that serves this long counts as stable. */
const steadyMs = 10_000;
/** So many early ends in a row, while no worker serves, make the supervisor give up. */
const earlyEndsMax = 7;
/** Longer than a worker waits for its last requests and for the messages that it is sending. */
const stopMaxMs = 25_000;
/** A signal to all processes of the program reaches the supervisor soon after the workers: then none is replaced. */
const sameSignalMs = 100;
/** The number of its socket among the open files of a worker, after standard input, output and error and the messages. */
const socketFile = 4;

/** Starts the workers; they serve until `stopped`. */
export async function supervise(
  { config }: LoadedConfig,
  env: Environment,
  { stopped, beginsAnew }: { readonly stopped: Promise<string>; readonly beginsAnew: boolean },
): Promise<Outcome> {
  const { createProgramLogger } = await import('../../app/program-logger.ts');
  const logger = createProgramLogger(config);
  const log: Log = (level, event, fields) => logger[level](fields, event);
  const serving = new Set<ChildProcess>();
  const metrics = await serveMetrics(config, serving, log);
  try {
    const sockets = await bindShared(config, config.workers);
    const pool = new WorkerPool({ sockets, env, beginsAnew, serving, log });
    const introduction = await pool.start();
    freeMemoryWhenIdle();
    const ended = Promise.race([
      stopped.then((reason) => {
        log('info', 'the server stops', { reason });
        return pool.stop(reason);
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

/** The place of one worker: its socket, which its replacement gets. */
interface Place {
  socket: SharedSocket;
}

interface WorkerPoolOptions {
  /** One for each worker. */
  readonly sockets: readonly SharedSocket[];
  readonly env: Environment;
  /** Whether the first worker may begin an empty directory where the data folder has records of another one. */
  readonly beginsAnew: boolean;
  /** The pool adds and removes the workers that serve. */
  readonly serving: Set<ChildProcess>;
  readonly log: Log;
}

/** The workers of one supervisor. */
class WorkerPool {
  readonly #places: readonly Place[];
  readonly #log: Log;
  readonly #end = Promise.withResolvers<never>();
  readonly #workers = new Set<ChildProcess>();
  readonly #serving: Set<ChildProcess>;
  /** Workers whose replacement was started while they served. */
  readonly #leaving = new Set<ChildProcess>();
  readonly #env: Environment;
  readonly #beginsAnew: boolean;
  #earlyEnds = 0;
  #isStopping = false;

  constructor({ sockets, env, beginsAnew, serving, log }: WorkerPoolOptions) {
    this.#beginsAnew = beginsAnew;
    this.#places = sockets.map((socket) => ({ socket }));
    // With port 0 the system has chosen a free one.
    this.#env = { ...env, [settings.port.name]: String(sockets[0]?.port) };
    this.#serving = serving;
    this.#log = log;
  }

  /** Rejects when no worker serves and none stays up. */
  get givenUp(): Promise<never> {
    return this.#end.promise;
  }

  /** Starts the first worker, then the others. Returns the introduction that the first worker sends. */
  async start(): Promise<Pick<Outcome, 'json' | 'text'>> {
    const [place, ...others] = this.#places as [Place, ...Place[]];
    const first = this.#fork(place, true);
    const { introduction } = await Promise.race([servingOf(first), endOf(first).then(refuseToStart)]);
    this.#replaceAtEnd(first, place);
    this.#serves(first);
    for (const each of others) this.#add(each);
    return introduction ?? { json: null, text: '' };
  }

  /** Stops every worker; each finishes the requests that it has begun. */
  async stop(reason: string): Promise<void> {
    this.#isStopping = true;
    for (const { socket } of this.#places) socket.close();
    const workers = [...this.#workers];
    const ended = Promise.all(workers.map(endOf));
    for (const worker of workers) stopWorker(worker, reason);
    await Promise.race([ended, sleep(stopMaxMs, undefined, { ref: false })]);
    for (const worker of this.#workers) worker.kill('SIGKILL');
    await ended;
  }

  #fork({ socket }: Place, isFirst: boolean): ChildProcess {
    const beginsAnew = isFirst && this.#beginsAnew;
    const startedAt = performance.timeOrigin;
    const env = assigned(this.#env, { isFirst, beginsAnew, startedAt, file: socketFile });
    // The options of the command line are in the environment by now.
    const worker = fork(process.argv[1] ?? '', ['serve'], {
      env,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', socket.file],
    });
    this.#workers.add(worker);
    worker.once('exit', () => this.#workers.delete(worker));
    return worker;
  }

  #add(place: Place): ChildProcess | null {
    if (this.#isStopping) return null;
    const worker = this.#fork(place, false);
    this.#replaceAtEnd(worker, place);
    void servingOf(worker).then(() => this.#serves(worker));
    return worker;
  }

  /** Starts another worker in its place, and stops it once that one serves or has ended. */
  async #exchange(worker: ChildProcess, place: Place, reason: string): Promise<void> {
    await sleep(sameSignalMs);
    if (this.#isStopping || !this.#workers.has(worker)) return;
    this.#leaving.add(worker);
    const other = this.#add(place);
    if (other === null) return;
    this.#log('info', 'a worker is replaced', { worker: worker.pid, by: other.pid, reason });
    await Promise.race([servingOf(other), endOf(other)]);
    stopWorker(worker, reason);
  }

  #serves(worker: ChildProcess): void {
    this.#serving.add(worker);
    void sleep(steadyMs, undefined, { ref: false }).then(() => {
      if (this.#serving.has(worker)) this.#earlyEnds = 0;
    });
  }

  /** Replaces the worker when it ends, or when it asks for that. */
  #replaceAtEnd(worker: ChildProcess, place: Place): void {
    worker.on('message', (message: unknown) => {
      if (isLeaveMessage(message)) void this.#exchange(worker, place, message.leaves);
    });
    void endOf(worker).then(({ code, signal }) => {
      this.#serving.delete(worker);
      if (this.#isStopping || this.#leaving.delete(worker)) return;
      place.socket = place.socket.replace();
      this.#earlyEnds += 1;
      if (this.#earlyEnds >= earlyEndsMax && this.#serving.size === 0) return this.#giveUp();
      const replacedInMs = Math.min(replaceMaxMs, replaceMinMs * 2 ** (this.#earlyEnds - 1));
      this.#log('warn', 'a worker has ended', { worker: worker.pid, code, signal, replacedInMs });
      setTimeout(() => this.#add(place), replacedInMs);
    });
  }

  #giveUp(): void {
    void this.stop('no worker stays up');
    this.#end.reject(new CommandError('no worker stays up: the log says why'));
  }
}

/** Ignores a failure: the worker may have ended. */
function stopWorker(worker: ChildProcess, reason: string): void {
  if (worker.connected) worker.send({ stop: reason } satisfies StopMessage, () => {});
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
