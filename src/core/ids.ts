/**
 * The spellings of ids. A user id is 128 random bits, kept as 32 lower-case hex digits; each contract shows
 * the same digits, with or without `usr_`. Other ids carry a prefix that says what they name.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';

/** 32 lower-case hex digits: 128 random bits. */
export type UserId = string;

/** The internal key of an organization: an integer that leads every table and tells nothing. */
export type OrgKey = number;

const hex32 = /^[0-9a-f]{32}$/;
const hex40 = /^[0-9a-f]{40}$/;
const userIdText = /^usr_([0-9a-f]{32})$/;

export function newUserId(): UserId {
  return randomBytes(16).toString('hex');
}

/** A random public number from 1 to 2^53-1, so that it does not tell how many users there are. */
export function newUserNumber(): number {
  for (;;) {
    const bits = randomBytes(8).readBigUInt64BE() >> 11n;
    if (bits > 0n) return Number(bits);
  }
}

/** A random organization key from 1 to 2^31-1. */
export function newOrgKey(): OrgKey {
  return randomInt(1, 2 ** 31);
}

/** 40 lower-case hex digits: the public id of an app. */
export function newAppId(): string {
  return randomBytes(20).toString('hex');
}

/** An id such as `key_5f…`: the prefix, an underscore and 128 random bits in hex. */
export function newPrefixedId(prefix: 'org' | 'key' | 'ses' | 'msg' | 'evt' | 'tok'): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`;
}

/** A random UUID (RFC 9562, version 4) that names one request. */
export function newRequestId(): string {
  return randomUUID();
}

/** The `usr_` spelling of a user id. */
export function toUserIdText(id: UserId): string {
  return `usr_${id}`;
}

/** Reads the `usr_` spelling; null for anything else. */
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
