/**
 * Argon2 (RFC 9106) as PHC strings, in version 19, the present one: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`.
 * Roster's own hashes are argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane).
 */
import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesOf, type HashReader, isSame } from './stored-hash.ts';

type Variant = 'argon2d' | 'argon2i' | 'argon2id';

/** The cost parameters of argon2. Memory in KiB. */
interface Work {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

const standard: Work = { memory: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const tagBytes = 32;
const { memory, passes, parallelism } = standard;
const standardHead = `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`;

const memoryMax = 262_144;
const passesMax = 16;
const parallelismMax = 16;

const derive = promisify(argon2);

/** A fresh hash of the password. */
export async function hashWithArgon2(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const message = Buffer.from(password, 'utf8');
  const tag = await derive('argon2id', { ...standard, message, nonce: salt, tagLength: tagBytes });
  return `${standardHead}${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether the hash has the kind and the parameters of `hashWithArgon2`. */
export function isStandardArgon2(text: string): boolean {
  return text.startsWith(standardHead) && readArgon2(text) !== null;
}

const phc =
  /^\$(argon2(?:d|i|id))\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

export const readArgon2: HashReader = (text) => {
  const [, variant, memoryText, passesText, parallelismText, salt, tag] = phc.exec(text) ?? [];
  if (variant === undefined || salt === undefined || tag === undefined) return null;
  const work = {
    memory: Number(memoryText),
    passes: Number(passesText),
    parallelism: Number(parallelismText),
  };
  const isBounded =
    work.memory <= memoryMax &&
    work.memory >= 8 * work.parallelism &&
    work.passes <= passesMax &&
    work.parallelism <= parallelismMax;
  if (!isBounded) return null;
  const stored = bytesOf(tag);
  const nonce = bytesOf(salt);
  return async (password) => {
    const message = Buffer.from(password, 'utf8');
    const task = { ...work, message, nonce, tagLength: stored.length };
    return isSame(await derive(variant as Variant, task), stored);
  };
};

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
