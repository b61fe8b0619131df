/**
 * Hashes passwords with argon2id, and verifies argon2id and the other kinds of hashes that an import may bring, on
 * Node's thread pool or in threads of its own, so that the event loop stays free.
 *
 * About as many hashes run at a time as there are cores, a bounded amount of work waits for a bounded time, in turns by
 * network and account (`password-hash/fair-queue.ts`), and more is refused at once: so a flood of sign-ins needs a fixed amount of
 * memory, and keeps few others waiting. Work is counted in units of one hash of ours; a costly imported hash counts as several. An account without a password, and one that does
 * not exist, cost the work of our own hash.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HashTurn, PasswordHasher } from '../core/access/password.ts';
import { type Argon2Work, hashWithArgon2, isArgon2Of, standardWork } from './password-hash/argon2-hash.ts';
import { CheckThreads } from './password-hash/check-threads.ts';
import { FairQueue, type Unserved } from './password-hash/fair-queue.ts';
import { readHash } from './password-hash/hash-kinds.ts';

/** How long a password waits for its turn, unless the settings say otherwise. */
const queueWaitMsMax = 2_000;

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
  /** A password got no turn. */
  hashUnserved(why: Unserved): void;
}

export interface HasherOptions {
  /** How many units of work may wait; of more, that of the caller with the most is refused with `unavailable`. */
  readonly queueMax: number;
  /** How long a password may wait; one that would wait longer is refused at once. Default: 2 seconds. */
  readonly waitMsMax?: number;
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
  const queue = new FairQueue({
    concurrency: options.concurrency ?? concurrencyHere(options.processes ?? 1),
    unitsMax: queueMax,
    waitMsMax: options.waitMsMax ?? queueWaitMsMax,
    onUnserved: (why) => meter?.hashUnserved(why),
  });
  const threads = new CheckThreads();
  /** The milliseconds of a unit lately. */
  let unitMs = unitMsMin;
  const inTurn = <T>(turn: HashTurn | null, units: number, task: () => Promise<T>): Promise<T> => {
    const { network = '', hangUp } = turn?.arrival ?? {};
    return queue.run({ network, account: turn?.account ?? '', hangUp }, units, async () => {
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
    hash: (password, turn = null) => inTurn(turn, 1, () => hashWithArgon2(password, work)),
    async verify(password, text, leastUnits = null, turn = null) {
      const hash = text === null ? null : readHash(text);
      const units = hash === null ? 1 : Math.max(1, Math.round(hash.units(password)));
      let startedAt = 0;
      const isRight = await inTurn(turn, units, async () => {
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
