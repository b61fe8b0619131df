/**
 * The values of `userPassword` in LDAP directories (RFC 2307 and OpenLDAP): a scheme in braces, in any case, and the
 * hash. `{SSHA}` and its SHA-2 variants are base64 of the digest of password and salt, followed by the salt.
 * `{CRYPT}`, `{ARGON2}` and `{PBKDF2-SHA256}` contain hashes of other kinds. Unsalted schemes are not read.
 */
import { createHash } from 'node:crypto';
import { readArgon2 } from './argon2-hash.ts';
import { readBcrypt } from './bcrypt-hash.ts';
import { readPbkdf2 } from './pbkdf2-hash.ts';
import { readShaCrypt } from './sha-crypt-hash.ts';
import { bytesOf, type HashReader, isSame } from './stored-hash.ts';

const saltBytesMax = 64;

function saltedDigest(digest: string, digestBytes: number): HashReader {
  return (text) => {
    if (!/^[A-Za-z0-9+/]{28,172}={0,2}$/.test(text)) return null;
    const bytes = bytesOf(text);
    const saltBytes = bytes.length - digestBytes;
    if (saltBytes < 1 || saltBytes > saltBytesMax) return null;
    const stored = bytes.subarray(0, digestBytes);
    const salt = bytes.subarray(digestBytes);
    return {
      units: () => 0,
      verify: (password) => {
        const derived = createHash(digest).update(password, 'utf8').update(salt).digest();
        return Promise.resolve(isSame(derived, stored));
      },
    };
  };
}

const schemes: ReadonlyMap<string, HashReader> = new Map([
  ['ssha', saltedDigest('sha1', 20)],
  ['ssha256', saltedDigest('sha256', 32)],
  ['ssha384', saltedDigest('sha384', 48)],
  ['ssha512', saltedDigest('sha512', 64)],
  ['argon2', readArgon2],
  ['crypt', (text) => readShaCrypt(text) ?? readBcrypt(text)],
  ['pbkdf2-sha1', (text) => readPbkdf2(`$pbkdf2$${text}`)],
  ['pbkdf2-sha256', (text) => readPbkdf2(`$pbkdf2-sha256$${text}`)],
  ['pbkdf2-sha512', (text) => readPbkdf2(`$pbkdf2-sha512$${text}`)],
]);

export const readLdap: HashReader = (text) => {
  const [head = '', scheme = ''] = /^\{([A-Za-z0-9-]{1,20})\}/.exec(text) ?? [];
  return schemes.get(scheme.toLowerCase())?.(text.slice(head.length)) ?? null;
};
