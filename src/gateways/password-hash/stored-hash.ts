/**
 * The interface of a kind of password hash: it reads the text of a hash and returns a function that verifies a
 * password. The text states its own cost, and an import may bring any text, so the cost is bounded: no hash takes more
 * than some seconds of one core and 256 MiB. Verifying never blocks the event loop.
 */
import { timingSafeEqual } from 'node:crypto';

/** Whether the password belongs to a hash. */
export type Verifier = (password: string) => Promise<boolean>;

/** Reads the text of a hash; null where it is of another kind, malformed, or its cost exceeds the bounds. */
export type HashReader = (text: string) => Verifier | null;

/** Compares the derived with the stored bytes in constant time. */
export function isSame(derived: Buffer, stored: Buffer): boolean {
  return derived.length === stored.length && timingSafeEqual(derived, stored);
}

/** The bytes of a base64 text without its padding, in which `.` may stand for `+`. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64.replaceAll('.', '+'), 'base64');
}
