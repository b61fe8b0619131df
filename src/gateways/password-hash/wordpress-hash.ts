/**
 * The hashes of WordPress since 6.8: `$wp` before a bcrypt hash of the base64 of HMAC-SHA-384, with the key `wp-sha384`, of
 * the password without spaces around it (`wp_hash_password`). Older ones are phpass.
 */
import { createHmac } from 'node:crypto';
import { bcryptOf } from './bcrypt-hash.ts';
import { trimLikePhp } from './phpass-hash.ts';
import type { HashReader } from './stored-hash.ts';

export const readWordPress: HashReader = (text) =>
  text.startsWith('$wp$') ? bcryptOf(text.slice(3), digestOf) : null;

function digestOf(password: string): string {
  return createHmac('sha384', 'wp-sha384').update(trimLikePhp(password), 'utf8').digest('base64');
}
