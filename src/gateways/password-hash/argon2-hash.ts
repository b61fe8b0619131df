/**
 * Argon2 (RFC 9106) as PHC strings, in version 19, the present one: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`. The three
 * variants argon2d, argon2i and argon2id are read, with the parameters in any order, because libraries write them in
 * different orders, and with or without the padding of base64. Roster's own hashes are argon2id with the parameters that OWASP recommends (19 MiB, 2 passes, 1 lane).
 */
import { argon2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesOf, type HashReader, isSame } from './stored-hash.ts';

type Variant = 'argon2d' | 'argon2i' | 'argon2id';

/** The cost parameters of argon2. Memory in KiB. */
export interface Argon2Work {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** The cost of Roster's own hashes. */
export const standardWork: Argon2Work = { memory: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const tagBytes = 32;

const memoryMax = 262_144;
const passesMax = 16;
const parallelismMax = 16;

const derive = promisify(argon2);

function headOf({ memory, passes, parallelism }: Argon2Work): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$`;
}

/** A fresh hash of the password. */
export async function hashWithArgon2(password: string, work: Argon2Work): Promise<string> {
  const salt = randomBytes(saltBytes);
  const message = Buffer.from(password, 'utf8');
  const tag = await derive('argon2id', { ...work, message, nonce: salt, tagLength: tagBytes });
  return `${headOf(work)}${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether the hash has the kind and the parameters of `hashWithArgon2` with that work. */
export function isArgon2Of(work: Argon2Work, text: string): boolean {
  return text.startsWith(headOf(work)) && readArgon2(text) !== null;
}

/** The passes over one KiB that take as long as one hash of ours. */
const passesInUnit = standardWork.memory * standardWork.passes;

const parameter = '[mtp]=[1-9]\\d{0,6}';
const phc = new RegExp(
  `^\\$(argon2(?:d|i|id))\\$v=19\\$(${parameter}(?:,${parameter}){2})` +
    '\\$([A-Za-z0-9+/]{11,86})={0,2}\\$([A-Za-z0-9+/]{22,86})={0,2}$',
);

export const readArgon2: HashReader = (text) => {
  const [, variant, parameters, salt, tag] = phc.exec(text) ?? [];
  if (parameters === undefined || salt === undefined || tag === undefined) return null;
  const work = workOf(parameters);
  if (work === null) return null;
  const stored = bytesOf(tag);
  const nonce = bytesOf(salt);
  return {
    units: () => (work.memory * work.passes) / passesInUnit,
    verify: async (password) => {
      const message = Buffer.from(password, 'utf8');
      const task = { ...work, message, nonce, tagLength: stored.length };
      return isSame(await derive(variant as Variant, task), stored);
    },
  };
};

/** The parameters as numbers; null where one is missing or exceeds the bounds. */
function workOf(parameters: string): Argon2Work | null {
  const values = new Map(parameters.split(',').map((text) => [text.charAt(0), Number(text.slice(2))]));
  const work = {
    memory: values.get('m') ?? 0,
    passes: values.get('t') ?? 0,
    parallelism: values.get('p') ?? 0,
  };
  const isBounded =
    work.memory <= memoryMax &&
    work.memory >= 8 * work.parallelism &&
    work.passes >= 1 &&
    work.passes <= passesMax &&
    work.parallelism >= 1 &&
    work.parallelism <= parallelismMax;
  return isBounded ? work : null;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
