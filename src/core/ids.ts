/**
 * The forms of ids, and where new ids come from. A user id is 128 random bits, stored as 32 lower-case hex digits; each
 * contract shows the same digits, with or without `usr_`. Other ids have a prefix that says what they name.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { RandomPool } from './random-pool.ts';

/** 32 lower-case hex digits: 128 random bits. */
export type UserId = string;

/** Stands for the user where there is none, so that the same statements run. No user has it. */
export const noUserId: UserId = '0'.repeat(32);

/** The internal key of an organization: a random integer that leads every table. */
export type OrgKey = number;

const pool = new RandomPool(8_192);

const hex32 = /^[0-9a-f]{32}$/;
const hex40 = /^[0-9a-f]{40}$/;
const userIdText = /^usr_([0-9a-f]{32})$/;

/** A source of ids and numbers for new users. */
export interface UserIdSource {
  id(): UserId;
  number(): number;
}

/**
 * Ids and numbers for users that are added together. They share their first 16 bits, which are drawn once for each
 * source, so they are beside each other in every index: an insert writes a few database pages instead of one for each
 * user. The other bits, 112 random bits of an id and 37 of a number, are enough that an id cannot be guessed. Two such
 * ids may show that their users were added together.
 */
export function newUserIdsNearby(): UserIdSource {
  const start = pool.bytes.readUInt16BE(pool.take(2));
  const startText = start.toString(16).padStart(4, '0');
  return {
    id: () => startText + randomHex(16).slice(4),
    number() {
      for (;;) {
        const at = pool.take(8);
        const rest = (pool.bytes.readUInt32BE(at) >>> 27) * 2 ** 32 + pool.bytes.readUInt32BE(at + 4);
        const number = start * 2 ** 37 + rest;
        if (number > 0) return number;
      }
    },
  };
}

/** Users that one process creates within this time share their first bits. */
const togetherMs = 1_000;

/**
 * The ids and numbers of users that are created one at a time: those of a second are beside each other in an index, so
 * creations that share a commit also share its database pages. Each by itself is 128, or 53, random bits. `now` counts
 * milliseconds from any start.
 */
export class UserIdsBySecond implements UserIdSource {
  readonly #now: () => number;
  #source = newUserIdsNearby();
  #until = Number.NEGATIVE_INFINITY;

  constructor(now: () => number) {
    this.#now = now;
  }

  id(): UserId {
    return this.#sourceOfNow().id();
  }

  number(): number {
    return this.#sourceOfNow().number();
  }

  #sourceOfNow(): UserIdSource {
    const now = this.#now();
    if (now >= this.#until) {
      this.#source = newUserIdsNearby();
      this.#until = now + togetherMs;
    }
    return this.#source;
  }
}

const bySecond = new UserIdsBySecond(() => performance.now());

/** 128 random bits; see `UserIdsBySecond`. */
export function newUserId(): UserId {
  return bySecond.id();
}

/** A random public number from 1 to 2^53-1, which does not show how many users there are; see `UserIdsBySecond`. */
export function newUserNumber(): number {
  return bySecond.number();
}

/** A random organization key from 1 to 2^31-1. */
export function newOrgKey(): OrgKey {
  return randomInt(1, 2 ** 31);
}

/** 40 lower-case hex digits: the public id of an app. */
export function newAppId(): string {
  return randomHex(20);
}

/** An id such as `key_5f…`: the prefix, an underscore and 128 random bits in hex. */
export function newPrefixedId(
  prefix: 'org' | 'key' | 'ses' | 'msg' | 'tok' | 'dev' | 'rev' | 'stf' | 'pky' | 'blk',
): string {
  return `${prefix}_${randomHex(16)}`;
}

/**
 * Like `newPrefixedId`, for rows that many requests write and that show their time anyway: the milliseconds since 1970
 * in 12 hex digits, then 80 random bits. New entries of an index on such ids are beside each other, so a commit writes
 * one database page of the index instead of one for each row.
 */
export function newDatedId(prefix: 'evt' | 'era' | 'exp' | 'msg', now: number): string {
  return `${prefix}_${now.toString(16).padStart(12, '0')}${randomHex(10)}`;
}

/** A random UUID (RFC 9562, version 4) that names one request. */
export function newRequestId(): string {
  return randomUUID();
}

/** The `usr_` form of a user id. */
export function toUserIdText(id: UserId): string {
  return `usr_${id}`;
}

/** Reads the `usr_` form of a user id; null for anything else. */
export function parseUserIdText(text: string): UserId | null {
  return userIdText.exec(text)?.[1] ?? null;
}

/** Reads 32 hex digits as a user id; null for anything else. */
export function parseHumanId(text: string): UserId | null {
  return hex32.test(text) ? text : null;
}

/** Reads a public user number in plain decimal, 1 to 2^53-1; null for anything else. */
export function parseUserNumber(text: string): number | null {
  if (!/^[1-9]\d{0,15}$/.test(text)) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : null;
}

/** True for 40 lower-case hex digits, the form of app ids and app keys. */
export function isHex40(text: string): boolean {
  return hex40.test(text);
}

function randomHex(bytes: number): string {
  const at = pool.take(bytes);
  return pool.bytes.toString('hex', at, at + bytes);
}
