/**
 * Hashes passwords with argon2id, and verifies argon2id and the other kinds of hashes that an import may bring, on
 * Node's thread pool, so that the event loop stays free.
 *
 * About as many hashes run at a time as there are cores, a bounded number wait in order of arrival, and further ones are
 * refused at once: so a flood of sign-ins needs a fixed amount of memory, and waits stay bounded. An account without a
 * password, and one that does not exist, cost the work of our own hash.
 */
import { availableParallelism } from 'node:os';
import type { PasswordHasher } from '../core/access/password.ts';
import { refuse } from '../core/errors.ts';
import { hashWithArgon2, isStandardArgon2, readArgon2 } from './password-hash/argon2-hash.ts';
import { readBcrypt } from './password-hash/bcrypt-hash.ts';
import { readPbkdf2 } from './password-hash/pbkdf2-hash.ts';
import { readFirebaseScrypt, readScrypt } from './password-hash/scrypt-hash.ts';
import type { HashReader, Verifier } from './password-hash/stored-hash.ts';

/** A further kind of hash is a file in `password-hash/` and its reader in this list. */
const kinds: readonly HashReader[] = [readArgon2, readBcrypt, readScrypt, readPbkdf2, readFirebaseScrypt];

const retryAfterSeconds = 2;

/** Gets a call for each hash, for the metrics. */
export interface HashMeter {
  /** A password was hashed or verified; `ms` does not include the wait before it. */
  hashed(ms: number): void;
  /** A password was refused because too many waited. */
  hashRefused(): void;
}

export interface HasherOptions {
  /** How many may wait; further ones are refused with `unavailable`. */
  readonly queueMax: number;
  /** How many run at a time. Default: what the cores and the thread pool allow. */
  readonly concurrency?: number;
  /** How many processes hash on this machine. Default: 1. */
  readonly processes?: number;
  readonly meter?: HashMeter;
}

export interface QueuedHasher extends PasswordHasher {
  /** Passwords that wait for their turn. */
  readonly waiting: number;
}

export function createPasswordHasher(options: HasherOptions): QueuedHasher {
  const { queueMax, meter } = options;
  const queue = new Queue(options.concurrency ?? concurrencyHere(options.processes ?? 1), queueMax);
  const inTurn = async <T>(task: () => Promise<T>): Promise<T> => {
    if (queue.isFull) meter?.hashRefused();
    return queue.run(async () => {
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
    hash: (password) => inTurn(() => hashWithArgon2(password)),
    verify: (password, hash) =>
      inTurn(async () => {
        const verify = hash === null ? null : read(hash);
        if (verify !== null) return verify(password);
        await hashWithArgon2(password);
        return false;
      }),
    isKnown: (hash) => read(hash) !== null,
    isOutdated: (hash) => !isStandardArgon2(hash),
  };
}

function read(hash: string): Verifier | null {
  for (const kind of kinds) {
    const verify = kind(hash);
    if (verify !== null) return verify;
  }
  return null;
}

/**
 * As many as there are cores for this process, but never the whole thread pool: Node also reads files and resolves host
 * names on it, and these would wait behind the hashes.
 */
function concurrencyHere(processes: number): number {
  const poolSize = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
  return Math.max(1, Math.min(Math.ceil(availableParallelism() / processes), poolSize - 1));
}

/** Runs tasks in order of arrival, a bounded number at a time; refuses a task at once when too many wait. */
class Queue {
  readonly #concurrency: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(concurrency: number, waitingMax: number) {
    this.#concurrency = concurrency;
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether the next task is refused. */
  get isFull(): boolean {
    return this.#running >= this.#concurrency && this.#waiting.length >= this.#waitingMax;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.isFull) throw refuse('unavailable', { retryAfterSeconds });
    if (this.#running < this.#concurrency) this.#running += 1;
    // A task that ends starts the next one in its stead, so the number of running tasks stays the same.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
