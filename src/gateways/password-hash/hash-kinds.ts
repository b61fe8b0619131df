/** The kinds of password hashes that are verified. A further kind is a file in this folder and its reader in the list. */
import { readArgon2 } from './argon2-hash.ts';
import { readAspnet } from './aspnet-hash.ts';
import { readBcrypt } from './bcrypt-hash.ts';
import { readDjango } from './django-hash.ts';
import { readLdap } from './ldap-hash.ts';
import { readPbkdf2 } from './pbkdf2-hash.ts';
import { readPhpass } from './phpass-hash.ts';
import { readFirebaseScrypt, readScrypt } from './scrypt-hash.ts';
import { readShaCrypt } from './sha-crypt-hash.ts';
import { readSpring } from './spring-hash.ts';
import type { HashReader, StoredHash } from './stored-hash.ts';
import { readWerkzeug } from './werkzeug-hash.ts';
import { readWordPress } from './wordpress-hash.ts';

const kinds: readonly HashReader[] = [
  readArgon2,
  readBcrypt,
  readScrypt,
  readPbkdf2,
  readFirebaseScrypt,
  readDjango,
  readWordPress,
  readPhpass,
  readShaCrypt,
  readLdap,
  readSpring,
  readWerkzeug,
  readAspnet,
];

/** Reads a hash of any kind; null where no kind takes it. */
export function readHash(text: string): StoredHash | null {
  for (const read of kinds) {
    const hash = read(text);
    if (hash !== null) return hash;
  }
  return null;
}
