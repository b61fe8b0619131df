/**
 * The hashes of Spring Security's `DelegatingPasswordEncoder`: `{id}` and the hash of that encoder. `{pbkdf2}` and
 * `{scrypt}` have formats of their own; the parameters of `{pbkdf2}` are not in the text but belong to the id. `{noop}` is
 * plain text, and is never taken; the unsalted ids are not read either.
 */
import { hash } from 'node:crypto';
import { readArgon2 } from './argon2-hash.ts';
import { readBcrypt } from './bcrypt-hash.ts';
import { readLdap } from './ldap-hash.ts';
import { pbkdf2Of } from './pbkdf2-hash.ts';
import { scryptOf } from './scrypt-hash.ts';
import { bytesOf, type HashReader, isSame } from './stored-hash.ts';

/** `$parameters$salt$hash`: the parameters are `log2(N) << 16 | r << 8 | p` in hex. */
const scrypt = /^\$([0-9a-f]{5,6})\$([A-Za-z0-9+/]{8,128}={0,2})\$([A-Za-z0-9+/]{22,86}={0,2})$/;

const readSpringScrypt: HashReader = (text) => {
  const [, parameters = '', salt, key] = scrypt.exec(text) ?? [];
  if (salt === undefined || key === undefined) return null;
  const packed = Number.parseInt(parameters, 16);
  const work = { costLog2: packed >> 16, blockSize: (packed >> 8) & 255, parallelism: packed & 255 };
  return scryptOf({ work, salt: bytesOf(salt), key: bytesOf(key) });
};

/** Salt and key, one after the other, in hex; the key has 32 bytes. */
function springPbkdf2(digest: string, iterations: number, saltBytes: number): HashReader {
  return (text) => {
    if (!/^[0-9a-f]+$/i.test(text) || text.length !== (saltBytes + 32) * 2) return null;
    const bytes = Buffer.from(text, 'hex');
    const salt = bytes.subarray(0, saltBytes);
    return pbkdf2Of({ digest, iterations, salt, key: bytes.subarray(saltBytes) });
  };
}

/** `{sha256}`: the salt and, 1,024 times, SHA-256 of salt and password, in hex. */
const readSpringSha256: HashReader = (text) => {
  if (!/^[0-9a-f]{80}$/i.test(text)) return null;
  const bytes = Buffer.from(text, 'hex');
  const salt = bytes.subarray(0, 8);
  return {
    units: () => 0,
    check: (password) => {
      let digest = Buffer.concat([salt, Buffer.from(password, 'utf8')]);
      for (let round = 0; round < 1_024; round += 1) digest = hash('sha256', digest, 'buffer');
      return isSame(digest, bytes.subarray(8));
    },
  };
};

const encoders: ReadonlyMap<string, HashReader> = new Map([
  ['argon2', readArgon2],
  ['argon2@SpringSecurity_v5_8', readArgon2],
  ['bcrypt', readBcrypt],
  ['ldap', readLdap],
  ['pbkdf2', springPbkdf2('sha1', 185_000, 8)],
  ['pbkdf2@SpringSecurity_v5_8', springPbkdf2('sha256', 310_000, 16)],
  ['scrypt', readSpringScrypt],
  ['scrypt@SpringSecurity_v5_8', readSpringScrypt],
  ['sha256', readSpringSha256],
]);

export const readSpring: HashReader = (text) => {
  const [head = '', id = ''] = /^\{([A-Za-z0-9@_]{1,40})\}/.exec(text) ?? [];
  return encoders.get(id)?.(text.slice(head.length)) ?? null;
};
