/**
 * The hashes of Django (`django.contrib.auth.hashers`): the name of an algorithm, `$`, and the hash. Salts are texts and
 * not base64. `bcrypt_sha256` is the bcrypt hash of the SHA-256 of the password in hex. Django's unsalted and MD5 hashes
 * are not read.
 */
import { createHash } from 'node:crypto';
import { readArgon2 } from './argon2-hash.ts';
import { bcryptOf, readBcrypt } from './bcrypt-hash.ts';
import { pbkdf2Of } from './pbkdf2-hash.ts';
import { scryptOf } from './scrypt-hash.ts';
import { bytesOf, type HashReader } from './stored-hash.ts';

const beginning = /^(argon2|bcrypt_sha256|bcrypt|pbkdf2_sha1|pbkdf2_sha256|pbkdf2_sha512|scrypt)\$/;
const pbkdf2 = /^pbkdf2_(sha1|sha256|sha512)\$([1-9]\d{0,6})\$([^$\s]{1,128})\$([A-Za-z0-9+/]{22,86}={0,2})$/;
const scrypt =
  /^scrypt\$([1-9]\d{0,7})\$([^$\s]{1,128})\$([1-9]\d?)\$([1-9]\d?)\$([A-Za-z0-9+/]{22,86}={0,2})$/;

export const readDjango: HashReader = (text) => {
  const [head = '', algorithm] = beginning.exec(text) ?? [];
  const rest = text.slice(head.length);
  if (algorithm === undefined) return null;
  if (algorithm === 'argon2') return readArgon2(`$${rest}`);
  if (algorithm === 'bcrypt') return readBcrypt(rest);
  if (algorithm === 'bcrypt_sha256') return bcryptOf(rest, sha256Hex);
  return algorithm === 'scrypt' ? readDjangoScrypt(text) : readDjangoPbkdf2(text);
};

const readDjangoPbkdf2: HashReader = (text) => {
  const [, digest, iterations, salt, key] = pbkdf2.exec(text) ?? [];
  if (digest === undefined || salt === undefined || key === undefined) return null;
  return pbkdf2Of({
    digest,
    iterations: Number(iterations),
    salt: Buffer.from(salt, 'utf8'),
    key: bytesOf(key),
  });
};

/** `scrypt$N$salt$r$p$hash`. */
const readDjangoScrypt: HashReader = (text) => {
  const [, cost, salt, blockSize, parallelism, key] = scrypt.exec(text) ?? [];
  if (salt === undefined || key === undefined) return null;
  const work = {
    costLog2: Math.log2(Number(cost)),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
  };
  return scryptOf({ work, salt: Buffer.from(salt, 'utf8'), key: bytesOf(key) });
};

function sha256Hex(password: string): string {
  return createHash('sha256').update(password, 'utf8').digest('hex');
}
