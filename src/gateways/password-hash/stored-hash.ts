/**
 * What a kind of password hash has to offer: it reads the text of a hash and can then say whether a password
 * belongs to it. What a text says of its own cost is believed within fixed bounds only, for it may be brought along
 * by an import: no hash takes more than some seconds of one core and 256 MiB. Verifying never blocks the event
 * loop.
 */
import { timingSafeEqual } from 'node:crypto';

/** Whether the password belongs to a hash. */
export type Verifier = (password: string) => Promise<boolean>;

/** Reads the text of a hash; null where it is of another kind, damaged, or dearer than the bounds. */
export type HashReader = (text: string) => Verifier | null;

/** Compares what was derived with what is stored, in constant time. */
export function isSame(derived: Buffer, stored: Buffer): boolean {
  return derived.length === stored.length && timingSafeEqual(derived, stored);
}

/** The bytes of a base64 text without its padding, in which `.` may stand for `+`. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64.replaceAll('.', '+'), 'base64');
}
