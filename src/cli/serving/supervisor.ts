/**
 * Starts worker processes and looks after them. Each listens at the same address for itself, and the system shares
 * out the connections, so nothing passes through here; no database is opened and no caller answered. Where metrics are
 * wanted it shows those of all workers together (`worker-metrics.ts`).
 *
 * The first worker starts alone: it migrates, initialises, and meets what is wrong with the settings. The others
 * follow once it serves. A worker that ends is replaced, a little later each time while they end early; where none
 * serves and none stays up the supervisor gives up. It waits for all of them when it is told to stop.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Shown } from '../../app/metrics.ts';
import type { Environment, Reading } from '../../config/config.ts';
import { settings } from '../../config/settings.ts';
import { CommandError, type Outcome } from '../command.ts';
import { restWhenIdle } from './rest.ts';
import { assigned, isServingMessage, type ServingMessage } from './worker-message.ts';

const replaceMinMs = 100;
const replaceMaxMs = 30_000;
/** Who has served so long stays up. */
const steadyMs = 10_000;
/** How many may end early in a row before hope is given up, where none serves. */
const earlyEndsMax = 7;
/** Longer than a worker itself waits for its last requests. */
const stopMaxMs = 20_000;

/** Starts the workers; they serve until `stopped`. */
export async function supervise(
  { config }: Reading,
  env: Environment,
  stopped: Promise<void>,
): Promise<Outcome> {
  const tell = tellerAt(config.logLevel);
  const serving = new Set<ChildProcess>();
  const metrics = await showMetrics(config, serving, tell);
  try {
    const crew = new Crew({ count: config.workers, env, serving, tell });
    const said = await crew.start();
    restWhenIdle();
    const ended = Promise.race([stopped.then(() => crew.stop()), crew.givenUp]);
    return { ...said, meanwhile: ended.finally(() => metrics?.close()) };
  } catch (error) {
    await metrics?.close();
    throw error;
  }
}

/** Before any worker is started: who finds that address taken has done nothing. Null where no metrics are wanted. */
async function showMetrics(
  { metrics: at }: Reading['config'],
  serving: ReadonlySet<ChildProcess>,
  tell: Teller,
): Promise<Shown | null> {
  if (at === null) return null;
  const { showCrewMetrics } = await import('./worker-metrics.ts');
  return showCrewMetrics({ at, serving, tell });
}

/** Writes a line of the log like those of the workers. */
type Teller = (level: keyof typeof levels, event: string, fields: object) => void;

const levels = { info: 30, warn: 40 } as const;

function tellerAt(logLevel: Reading['config']['logLevel']): Teller {
  const quiet = { info: ['silent', 'fatal', 'error', 'warn'], warn: ['silent', 'fatal', 'error'] };
  return (level, event, fields) => {
    if (quiet[level].includes(logLevel)) return;
    const about = { level: levels[level], time: new Date().toISOString(), pid: process.pid };
    process.stderr.write(`${JSON.stringify({ ...about, ...fields, msg: event })}\n`);
  };
}

interface CrewOptions {
  readonly count: number;
  readonly env: Environment;
  /** Kept up to date with who serves. */
  readonly serving: Set<ChildProcess>;
  readonly tell: Teller;
}

class Crew {
  readonly #count: number;
  readonly #tell: Teller;
  readonly #end = Promise.withResolvers<never>();
  readonly #workers = new Set<ChildProcess>();
  readonly #serving: Set<ChildProcess>;
  #env: Environment;
  #earlyEnds = 0;
  #isStopping = false;

  constructor({ count, env, serving, tell }: CrewOptions) {
    this.#count = count;
    this.#env = env;
    this.#serving = serving;
    this.#tell = tell;
  }

  /** Rejects where no worker serves and none can be made to. */
  get givenUp(): Promise<never> {
    return this.#end.promise;
  }

  /** Starts the first worker, and after it the others; what the first one says of the program. */
  async start(): Promise<Pick<Outcome, 'json' | 'text'>> {
    const first = this.#fork(true);
    const { url, said } = await Promise.race([servingOf(first), endOf(first).then(refuseToStart)]);
    // Where any port would do, the others take the one that the first worker got.
    this.#env = { ...this.#env, [settings.port.name]: new URL(url).port };
    this.#keep(first);
    this.#serves(first);
    for (let count = 1; count < this.#count; count++) this.#add();
    return said ?? { json: null, text: '' };
  }

  /** Has every worker finish what it has begun. */
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
    // What was asked for with options is in the environment by now.
    const worker = fork(process.argv[1] ?? '', ['serve'], { env });
    this.#workers.add(worker);
    worker.once('exit', () => this.#workers.delete(worker));
    return worker;
  }

  #add(): void {
    if (this.#isStopping) return;
    const worker = this.#fork(false);
    this.#keep(worker);
    void servingOf(worker).then(() => this.#serves(worker));
  }

  #serves(worker: ChildProcess): void {
    this.#serving.add(worker);
    void sleep(steadyMs, undefined, { ref: false }).then(() => {
      if (this.#serving.has(worker)) this.#earlyEnds = 0;
    });
  }

  /** Has somebody else take the place of the worker when it ends. */
  #keep(worker: ChildProcess): void {
    void endOf(worker).then(({ code, signal }) => {
      this.#serving.delete(worker);
      if (this.#isStopping) return;
      this.#earlyEnds += 1;
      if (this.#earlyEnds >= earlyEndsMax && this.#serving.size === 0) return this.#giveUp();
      const replacedInMs = Math.min(replaceMaxMs, replaceMinMs * 2 ** (this.#earlyEnds - 1));
      this.#tell('warn', 'a worker has ended', { worker: worker.pid, code, signal, replacedInMs });
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

/** Resolves when the worker serves; never where it ends before. */
function servingOf(worker: ChildProcess): Promise<ServingMessage> {
  return new Promise((resolve) => {
    worker.on('message', (message: unknown) => {
      if (isServingMessage(message)) resolve(message);
    });
  });
}

/** The first worker has told why, unless it was killed. */
function refuseToStart({ code, signal }: End): never {
  if (code !== null && code !== 0) process.exit(code);
  throw new CommandError(`the first worker was ended by ${signal ?? 'nobody'} before it served`);
}
