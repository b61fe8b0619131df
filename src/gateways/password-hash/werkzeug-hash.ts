/**
 * The hashes of Werkzeug (`werkzeug.security`), which Flask uses: `scrypt:N:r:p$salt$hash` and
 * `pbkdf2:digest:iterations$salt$hash`. The salt is a text, the hash is in hex. Its older salted digests are not read.
 */
import { pbkdf2Of } from './pbkdf2-hash.ts';
import { scryptOf } from './scrypt-hash.ts';
import type { HashReader } from './stored-hash.ts';

const format =
  /^(?:scrypt:([1-9]\d{0,7}):([1-9]\d?):([1-9]\d?)|pbkdf2:(sha1|sha256|sha512):([1-9]\d{0,6}))\$([^$\s]{1,128})\$((?:[0-9a-f]{2}){16,64})$/;

export const readWerkzeug: HashReader = (text) => {
  const [, cost, blockSize, parallelism, digest, iterations, saltText, keyHex] = format.exec(text) ?? [];
  if (saltText === undefined || keyHex === undefined) return null;
  const salt = Buffer.from(saltText, 'utf8');
  const key = Buffer.from(keyHex, 'hex');
  if (digest !== undefined) return pbkdf2Of({ digest, iterations: Number(iterations), salt, key });
  const work = {
    costLog2: Math.log2(Number(cost)),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
  };
  return scryptOf({ work, salt, key });
};
