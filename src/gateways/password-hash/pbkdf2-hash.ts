/**
 * PBKDF2 (RFC 8018) with HMAC-SHA-1, HMAC-SHA-256 or HMAC-SHA-512, as PHC strings (`$pbkdf2-sha256$i=29000$salt$hash`) and
 * as passlib writes it (`$pbkdf2-sha256$29000$salt$hash`, with `.` for `+`; `$pbkdf2$…` for SHA-1). Sources with a format
 * of their own use `pbkdf2Of`.
 */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesOf, type HashReader, isSame, type PooledHash } from './stored-hash.ts';

export type Pbkdf2Digest = 'sha1' | 'sha256' | 'sha512';

const iterationsMax = 5_000_000;
/** A derived key of more bytes is no password hash. */
const keyBytesMax = 64;

/** The bytes of a digest, and the iterations over one block of it that take as long as one hash of ours. */
const digests: Readonly<Record<Pbkdf2Digest, { readonly bytes: number; readonly iterationsInUnit: number }>> =
  {
    sha1: { bytes: 20, iterationsInUnit: 150_000 },
    sha256: { bytes: 32, iterationsInUnit: 150_000 },
    sha512: { bytes: 64, iterationsInUnit: 60_000 },
  };

const derive = promisify(pbkdf2);

const phc =
  /^\$pbkdf2(?:-(sha256|sha512))?\$(?:i=)?([1-9]\d{0,6})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{2,171})={0,2}\$([A-Za-z0-9+/.]{22,86})={0,2}$/;

export const readPbkdf2: HashReader = (text) => {
  const [, digest = 'sha1', iterations, salt, key] = phc.exec(text) ?? [];
  if (salt === undefined || key === undefined) return null;
  return pbkdf2Of({ digest, iterations: Number(iterations), salt: bytesOf(salt), key: bytesOf(key) });
};

/** The hash with these parts; null where the digest is another one or the cost exceeds the bounds. */
export function pbkdf2Of(parts: {
  readonly digest: string;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}): PooledHash | null {
  const { digest, iterations, salt, key } = parts;
  if (!isDigest(digest) || iterations < 1 || iterations > iterationsMax || key.length > keyBytesMax)
    return null;
  const { bytes, iterationsInUnit } = digests[digest];
  return {
    units: () => (Math.ceil(key.length / bytes) * iterations) / iterationsInUnit,
    verify: async (password) => isSame(await derive(password, salt, iterations, key.length, digest), key),
  };
}

function isDigest(name: string): name is Pbkdf2Digest {
  return Object.hasOwn(digests, name);
}
