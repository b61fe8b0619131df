/**
 * Bcrypt in its modular crypt format: `$2b$`, with `$2a$` and `$2y$` as other names of the same. `$2x$` marks hashes of
 * an old faulty implementation and is not read. Bcrypt uses only the first 72 bytes of a password.
 *
 * The library works on Node's thread pool and is loaded when the first bcrypt hash is verified.
 */
import type { HashReader } from './stored-hash.ts';

/** Each step doubles the work; at 15 a verification takes about two seconds. */
const costMax = 15;

const modularCrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export const readBcrypt: HashReader = (text) => {
  const [, costText] = modularCrypt.exec(text) ?? [];
  const cost = Number(costText);
  if (costText === undefined || cost < 4 || cost > costMax) return null;
  // The library does not know the name `$2y$`, which means the same as `$2b$`.
  const hash = text.replace(/^\$2y\$/, '$2b$');
  return async (password) => {
    const { compare } = await import('bcrypt');
    return compare(password, hash);
  };
};
