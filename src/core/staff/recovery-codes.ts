/**
 * Recovery codes: ten for an account, shown once, each good for one sign-in. A code is 79 random bits in an alphabet without
 * letters that look alike. It is stored as a keyed digest.
 */
import { randomInt } from 'node:crypto';
import type { OrgKey } from '../ids.ts';
import type { SecretBox } from '../secret.ts';

export const recoveryCodes = 10;
/** Of Crockford's base 32, without `0` and `o`, `1`, `i` and `l`, with which people confuse them. */
const letters = '23456789abcdefghjkmnpqrstuvwxyz';
const groups = 4;
const groupLetters = 4;

/** New codes in plain text, such as `8k3d-xw2p-9fgh-q4rt`. */
export function newRecoveryCodes(): readonly string[] {
  return Array.from({ length: recoveryCodes }, () =>
    Array.from({ length: groups }, () =>
      Array.from({ length: groupLetters }, () => letters.charAt(randomInt(letters.length))).join(''),
    ).join('-'),
  );
}

/** What is stored of a code, however it is typed. */
export function recoveryDigest(
  secrets: SecretBox,
  { orgKey, staffId, code }: { readonly orgKey: OrgKey; readonly staffId: string; readonly code: string },
): string {
  const text = code.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  return secrets.keyedDigest('staff recovery code', `${orgKey} ${staffId} ${text}`);
}
