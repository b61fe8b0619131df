/**
 * The hashes of ASP.NET Core Identity (`PasswordHasher`): base64 of a format byte and PBKDF2. Format 1 (Identity 3) has
 * the digest, the iterations and the length of the salt as 32-bit numbers, then salt and key. Format 0 (Identity 2) is
 * HMAC-SHA-1 with 1,000 iterations, a salt of 16 bytes and a key of 32.
 */
import { pbkdf2Of } from './pbkdf2-hash.ts';
import type { HashReader } from './stored-hash.ts';

const headBytes = 13;
const saltBytesMin = 16;
const keyBytesMin = 16;
const digests = ['sha1', 'sha256', 'sha512'] as const;

export const readAspnet: HashReader = (text) => {
  if (!/^A[A-Za-z0-9+/]{55,342}={0,2}$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) return null;
  if (bytes[0] === 0 && bytes.length === 49) {
    return pbkdf2Of({
      digest: 'sha1',
      iterations: 1_000,
      salt: bytes.subarray(1, 17),
      key: bytes.subarray(17),
    });
  }
  if (bytes[0] !== 1) return null;
  const digest = digests[bytes.readUInt32BE(1)];
  const iterations = bytes.readUInt32BE(5);
  const keyAt = headBytes + bytes.readUInt32BE(9);
  const isWhole = keyAt >= headBytes + saltBytesMin && bytes.length - keyAt >= keyBytesMin;
  if (digest === undefined || !isWhole) return null;
  return pbkdf2Of({ digest, iterations, salt: bytes.subarray(headBytes, keyAt), key: bytes.subarray(keyAt) });
};
