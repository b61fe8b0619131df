/**
 * PBKDF2 (RFC 8018) with HMAC-SHA-256 or HMAC-SHA-512, in three formats: PHC strings
 * (`$pbkdf2-sha256$i=29000$salt$hash`), passlib (`$pbkdf2-sha256$29000$salt$hash`, with `.` for `+`) and Django
 * (`pbkdf2_sha256$29000$salt$hash`, where the salt is a text and not base64).
 */
import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import { bytesOf, type HashReader, isSame } from './stored-hash.ts';

const iterationsMax = 5_000_000;

const derive = promisify(pbkdf2);

const phc =
  /^\$pbkdf2-sha(256|512)\$(?:i=)?([1-9]\d{0,6})(?:,l=\d{1,3})?\$([A-Za-z0-9+/.]{2,171})\$([A-Za-z0-9+/.]{22,86})$/;
const django = /^pbkdf2_sha(256|512)\$([1-9]\d{0,6})\$([^$\s]{1,128})\$([A-Za-z0-9+/]{22,86}={0,2})$/;

export const readPbkdf2: HashReader = (text) => {
  const [, bits, iterationsText, salt, hash] = phc.exec(text) ?? django.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return null;
  const iterations = Number(iterationsText);
  if (iterations > iterationsMax) return null;
  const stored = bytesOf(hash);
  const saltBytes = text.startsWith('$') ? bytesOf(salt) : Buffer.from(salt, 'utf8');
  return async (password) =>
    isSame(await derive(password, saltBytes, iterations, stored.length, `sha${bits}`), stored);
};
