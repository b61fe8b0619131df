/**
 * The interface of a kind of password hash: it reads the text of a hash, says what a verification costs, and verifies a
 * password. The text states its own cost, and an import may bring any text, so the cost is bounded: no hash takes more
 * than some seconds of one core and 256 MiB. Verifying never blocks the event loop.
 */
import { timingSafeEqual } from 'node:crypto';

interface Costly {
  /**
   * The work of one verification, in units of one hash of ours: some 25 ms of one core. The hasher rounds it up to at
   * least 1.
   */
  units(password: string): number;
}

/** Verifies on Node's thread pool, or so fast that it does not matter. */
export interface PooledHash extends Costly {
  verify(password: string): Promise<boolean>;
}

/** Computes in JavaScript and blocks its thread, so the hasher runs it in a thread of its own. */
export interface BlockingHash extends Costly {
  check(password: string): boolean;
}

export type StoredHash = PooledHash | BlockingHash;

/** Reads the text of a hash; null where it is of another kind, malformed, or its cost exceeds the bounds. */
export type HashReader = (text: string) => StoredHash | null;

/** Compares the derived with the stored bytes in constant time. */
export function isSame(derived: Buffer, stored: Buffer): boolean {
  return derived.length === stored.length && timingSafeEqual(derived, stored);
}

/** The bytes of a base64 text with or without its padding, in which `.` may stand for `+`. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64.replaceAll('.', '+'), 'base64');
}

const cryptDigits = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The lowest bits of the value in the base64 of crypt(3), 6 bits a character, the lowest first. */
export function cryptText(value: number, characters: number): string {
  let text = '';
  for (let at = 0; at < characters; at += 1) text += cryptDigits.charAt((value >> (6 * at)) & 63);
  return text;
}

/** The value of a character of that base64; -1 for another character. */
export function cryptDigit(character: string): number {
  return cryptDigits.indexOf(character);
}
