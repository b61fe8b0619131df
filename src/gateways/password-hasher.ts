/**
 * Password hashing with argon2id at the parameters that OWASP gives (19 MiB, 2 passes, 1 lane), on Node's thread
 * pool, so that the event loop stays free.
 *
 * About as many hashes run at a time as there are cores, a bounded number wait in order of arrival, and whoever
 * comes on top is refused at once: a flood of sign-ins costs a fixed amount of memory and never a pile-up. Hashes
 * are PHC strings; what they say of their own cost is believed only within fixed bounds.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { PasswordHasher } from '../core/access/password.ts';
import { refuse } from '../core/errors.ts';

/** What argon2 is asked to do. Memory in KiB. */
interface Work {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

interface ParsedHash extends Work {
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const standard: Work = { memory: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const tagBytes = 32;

/** What a stored hash may cost at most: it is written by us, but may be brought along by an import. */
const memoryMax = 262_144;
const passesMax = 16;
const parallelismMax = 16;

const retryAfterSeconds = 2;

export interface HasherOptions {
  /** How many may wait; beyond that the answer is `unavailable`. */
  readonly queueMax: number;
  /** How many run at a time. */
  readonly concurrency?: number;
}

export function createPasswordHasher(options: HasherOptions): PasswordHasher {
  const inTurn = createQueue(options.concurrency ?? concurrencyHere(), options.queueMax);
  const dummySalt = randomBytes(saltBytes);
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(saltBytes);
        return format(salt, await derive(password, { ...standard, salt, tagLength: tagBytes }));
      }),
    verify: (password, hash) =>
      inTurn(async () => {
        const parsed = hash === null ? null : parse(hash);
        if (parsed === null) {
          await derive(password, { ...standard, salt: dummySalt, tagLength: tagBytes });
          return false;
        }
        const tag = await derive(password, { ...parsed, tagLength: parsed.tag.length });
        return timingSafeEqual(tag, parsed.tag);
      }),
  };
}

/**
 * As many as there are cores, but never the whole thread pool: files and host names are looked up on it as well
 * and would wait behind the hashes.
 */
function concurrencyHere(): number {
  const poolSize = Number(process.env['UV_THREADPOOL_SIZE']) || 4;
  return Math.max(1, Math.min(availableParallelism(), poolSize - 1));
}

const argon2Promise = promisify(argon2);

function derive(
  password: string,
  {
    salt,
    memory,
    passes,
    parallelism,
    tagLength,
  }: Work & { readonly salt: Buffer; readonly tagLength: number },
): Promise<Buffer> {
  const message = Buffer.from(password, 'utf8');
  return argon2Promise('argon2id', { message, nonce: salt, memory, passes, parallelism, tagLength });
}

function format(salt: Buffer, tag: Buffer): string {
  const { memory, passes, parallelism } = standard;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

const phc =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

/** Reads a PHC string; null where it is not argon2id, or asks for more than the bounds. */
function parse(hash: string): ParsedHash | null {
  const [, memory, passes, parallelism, salt, tag] = phc.exec(hash) ?? [];
  if (salt === undefined || tag === undefined) return null;
  const work = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  const isBounded =
    work.memory <= memoryMax &&
    work.memory >= 8 * work.parallelism &&
    work.passes <= passesMax &&
    work.parallelism <= parallelismMax;
  return isBounded ? { ...work, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : null;
}

/** Runs tasks in order of arrival, a few at a time; refuses at once when too many wait. */
function createQueue(concurrency: number, queueMax: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (task) => {
    if (running < concurrency) {
      running += 1;
    } else {
      if (waiting.length >= queueMax) throw refuse('unavailable', { retryAfterSeconds });
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
