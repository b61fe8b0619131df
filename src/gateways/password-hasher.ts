/**
 * Hashes passwords with argon2id, and verifies argon2id and the other kinds of hashes that an import may bring, on
 * Node's thread pool or in threads of its own, so that the event loop stays free.
 *
 * About as many hashes run at a time as there are cores, a bounded amount of work waits in order of arrival, and more is
 * refused immediately: so a flood of sign-ins needs a fixed amount of memory, and waits stay bounded. Work is counted in
 * units of one hash of ours; a costly imported hash counts as several. An account without a password, and one that does
 * not exist, cost the work of our own hash.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PasswordHasher } from '../core/access/password.ts';
import { refuse } from '../core/errors.ts';
import { type Argon2Work, hashWithArgon2, isArgon2Of, standardWork } from './password-hash/argon2-hash.ts';
import { CheckThreads } from './password-hash/check-threads.ts';
import { readHash } from './password-hash/hash-kinds.ts';

const retryAfterSeconds = 2;

/** One unit takes no less on any machine that is in use. */
const unitMsMin = 15;
/** How much longer than the dearest kind a wrong password takes: hashes of a kind do not all take the same time. */
const waitFactor = 1.5;
const waitMsMax = 10_000;
const usualPassword = 'x'.repeat(32);

/** Gets a call for each hash, for the metrics. */
export interface HashMeter {
  /** A password was hashed or verified; `ms` does not include the wait before it. */
  hashed(ms: number): void;
  /** A password was refused because too many waited. */
  hashRefused(): void;
}

export interface HasherOptions {
  /** How many units of work may wait; more is refused with `unavailable`. */
  readonly queueMax: number;
  /** How many run at a time. Default: what the cores and the thread pool allow. */
  readonly concurrency?: number;
  /** How many processes hash on this machine. Default: 1. */
  readonly processes?: number;
  readonly meter?: HashMeter;
  /** The cost of a new hash. Default: the standard; tests that judge no price take less. */
  readonly work?: Argon2Work;
}

export interface QueuedHasher extends PasswordHasher {
  /** The units of work that wait for their turn. */
  readonly waiting: number;
}

export function createPasswordHasher(options: HasherOptions): QueuedHasher {
  const { queueMax, meter, work = standardWork } = options;
  const queue = new Queue(options.concurrency ?? concurrencyHere(options.processes ?? 1), queueMax);
  const threads = new CheckThreads();
  /** The milliseconds of a unit lately. */
  let unitMs = unitMsMin;
  const inTurn = async <T>(units: number, task: () => Promise<T>): Promise<T> => {
    if (queue.isFull(units)) meter?.hashRefused();
    return queue.run(units, async () => {
      const startedAt = performance.now();
      try {
        return await task();
      } finally {
        meter?.hashed(performance.now() - startedAt);
      }
    });
  };
  return {
    get waiting() {
      return queue.waiting;
    },
    hash: (password) => inTurn(1, () => hashWithArgon2(password, work)),
    async verify(password, text, leastUnits = null) {
      const hash = text === null ? null : readHash(text);
      const units = hash === null ? 1 : Math.max(1, Math.round(hash.units(password)));
      let startedAt = 0;
      const isRight = await inTurn(units, async () => {
        startedAt = performance.now();
        if (text !== null && hash !== null) {
          return 'check' in hash ? threads.check({ password, text }) : hash.verify(password);
        }
        await hashWithArgon2(password, work);
        return false;
      });
      const elapsedMs = performance.now() - startedAt;
      const measuredMs = Math.max(elapsedMs / units, unitMsMin);
      // A busy machine makes hashes slower at once, and is believed to be idle again only after some of them.
      unitMs = measuredMs > unitMs ? measuredMs : unitMs + (measuredMs - unitMs) / 16;
      if (!isRight && leastUnits !== null) {
        // After the turn, so that the wait keeps no other password waiting.
        const leastMs = Math.min(waitFactor * leastUnits * unitMs, waitMsMax);
        await sleep(Math.max(0, leastMs - elapsedMs));
      }
      return isRight;
    },
    unitsOf: (text) => Math.max(1, Math.round(readHash(text)?.units(usualPassword) ?? 1)),
    isKnown: (text) => readHash(text) !== null,
    isOutdated: (text) => !isArgon2Of(work, text),
  };
}

/**
 * As many as there are cores for this process, but never the whole thread pool: Node also reads files and resolves host
 * names on it, and these would wait behind the hashes.
 */
function concurrencyHere(processes: number): number {
  const poolSize = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
  return Math.max(1, Math.min(Math.ceil(availableParallelism() / processes), poolSize - 1));
}

/** Runs tasks in order of arrival, a bounded number at a time; refuses a task immediately when too much work waits. */
class Queue {
  readonly #concurrency: number;
  readonly #unitsMax: number;
  readonly #turns: { readonly units: number; readonly begin: () => void }[] = [];
  #running = 0;
  #waiting = 0;

  constructor(concurrency: number, unitsMax: number) {
    this.#concurrency = concurrency;
    this.#unitsMax = unitsMax;
  }

  /** The units of the tasks that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a task of so many units is refused. One that is larger than the whole queue may wait where no other does. */
  isFull(units: number): boolean {
    if (this.#running < this.#concurrency) return false;
    return this.#waiting + Math.min(units, Math.max(1, this.#unitsMax)) > this.#unitsMax;
  }

  async run<T>(units: number, task: () => Promise<T>): Promise<T> {
    if (this.isFull(units)) throw refuse('unavailable', { retryAfterSeconds });
    if (this.#running < this.#concurrency) this.#running += 1;
    // A task that ends starts the next one in its stead, so the number of running tasks stays the same.
    else await this.#turn(units);
    try {
      return await task();
    } finally {
      const next = this.#turns.shift();
      if (next === undefined) this.#running -= 1;
      else next.begin();
    }
  }

  async #turn(units: number): Promise<void> {
    const { promise, resolve: begin } = Promise.withResolvers<void>();
    this.#turns.push({ units, begin });
    this.#waiting += units;
    await promise;
    this.#waiting -= units;
  }
}
