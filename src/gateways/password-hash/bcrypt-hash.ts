/**
 * Bcrypt in its modular crypt format: `$2b$`, with `$2a$` and `$2y$` as other names of the same. `$2x$` marks hashes of
 * an old faulty implementation and is not read. Bcrypt uses only the first 72 bytes of a password; sources that hash the
 * password first, for longer ones, give a function for it.
 *
 * The library works on Node's thread pool and is loaded when the first bcrypt hash is verified.
 */
import type { HashReader, PooledHash } from './stored-hash.ts';

/** Each step doubles the work; at 15 a verification takes about two seconds. */
const costMax = 15;
/** At this cost a verification takes as long as one hash of ours. */
const costOfUnit = 9;
const passwordBytesMax = 72;

const modularCrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;

export const readBcrypt: HashReader = (text) => bcryptOf(text, (password) => password);

/** The bcrypt hash of the text that `prepare` makes of a password; null as in `HashReader`. */
export function bcryptOf(text: string, prepare: (password: string) => string): PooledHash | null {
  const [, costText] = modularCrypt.exec(text) ?? [];
  const cost = Number(costText);
  if (costText === undefined || cost < 4 || cost > costMax) return null;
  // The library does not know the name `$2y$`, which means the same as `$2b$`.
  const hash = text.replace(/^\$2y\$/, '$2b$');
  return {
    units: () => 2 ** (cost - costOfUnit),
    verify: async (password) => {
      const { compare } = await import('bcrypt');
      // Cut here: for `$2a$` the library counts the bytes of longer passwords modulo 256, as an old implementation did.
      return compare(Buffer.from(prepare(password), 'utf8').subarray(0, passwordBytesMax), hash);
    },
  };
}
