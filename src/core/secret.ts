/**
 * The secrets, and how they are stored.
 *
 * Random secrets (keys, tokens) are stored as SHA-256 digests and found by digest. For values that can be guessed
 * (six-digit codes, emails in throttles) an HMAC is stored, under a key derived from the deployment's secret, so that a
 * stolen database does not reveal them. Texts that must be read again (messages) are sealed with AES-256-GCM.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import type { OrgKey } from './ids.ts';
import { RandomPool } from './random-pool.ts';

/** SHA-256 in base64url. Only for secrets with at least 128 random bits. */
export function digestOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Compares two digests of the same form in constant time. */
export function sameDigest(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `ss` and `sl`: a session and a link of a staff account; `c` and a letter: a token of the Connect page (`connect-page/connect-token.ts`). */
export type TokenPrefix =
  | 'st'
  | 'pr'
  | 'inv'
  | 'ep'
  | 'ec'
  | 'eu'
  | 'oaf'
  | 'oas'
  | 'cs'
  | 'ci'
  | 'ca'
  | 'cr'
  | 'cp'
  | 'ss'
  | 'sl';

/**
 * A bearer token of a user, or the state that comes back from a provider: `st_<organization>_<256 random bits>`. It
 * contains the organization, so that the look-up leads with the organization and a sharded database reads one shard.
 */
export function newToken(prefix: TokenPrefix, orgKey: OrgKey): string {
  return `${prefix}_${orgKey.toString(36)}_${randomBytes(32).toString('base64url')}`;
}

const tokenText = /^(st|pr|inv|ep|ec|eu|oaf|oas|cs|ci|ca|cr|cp|ss|sl)_([0-9a-z]{1,7})_([A-Za-z0-9_-]{43})$/;

/** The prefix and the organization of a token; null where the text does not have the form of a token. */
export function parseToken(token: string): { prefix: TokenPrefix; orgKey: OrgKey } | null {
  const match = tokenText.exec(token);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const orgKey = Number.parseInt(match[2], 36);
  if (orgKey < 1 || orgKey >= 2 ** 31 || orgKey.toString(36) !== match[2]) return null;
  return { prefix: match[1] as TokenPrefix, orgKey };
}

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const keyRandomLength = 42;
const keyChecksumLength = 6;
const apiKeyText = new RegExp(`^roster_[0-9A-Za-z]{${keyRandomLength + keyChecksumLength}}$`);
/** The keys of earlier versions, which stay valid. Other companies' keys begin like them, so scanners confuse them. */
const earlierApiKeyText = /^sk_live_[A-Za-z0-9_-]{43}$/;

/**
 * A new API key in plain text: `roster_`, 42 random letters and digits (250 bits), and a checksum: the first 32 bits of
 * the SHA-256 of all before it, in six letters and digits, most significant first. A scanner of leaked secrets recognises a key by the beginning, and a
 * mistyped or invented one by the checksum, without a call.
 */
export function newApiKeyText(): string {
  let text = 'roster_';
  while (text.length < 'roster_'.length + keyRandomLength) {
    const byte = randomBytes(1).readUInt8();
    // 248 is the largest multiple of 62 below 256: above it some characters would be more likely.
    if (byte < 248) text += base62.charAt(byte % 62);
  }
  return text + keyChecksumOf(text);
}

/**
 * Whether a text has the form of an API key, of this version or of an earlier one. It says nothing of its validity, nor of
 * its checksum: each request pays for this check, and the look-up of its digest refuses an invented key too.
 */
export function isApiKeyText(text: string): boolean {
  return apiKeyText.test(text) || earlierApiKeyText.test(text);
}

function keyChecksumOf(text: string): string {
  let left = hash('sha256', text, 'buffer').readUInt32BE(0);
  let checksum = '';
  for (let place = 0; place < keyChecksumLength; place += 1) {
    checksum = base62.charAt(left % 62) + checksum;
    left = Math.floor(left / 62);
  }
  return checksum;
}

/** A new app key or client secret in plain text: 40 hex digits, 160 random bits. */
export function newAppKeyText(): string {
  return randomBytes(20).toString('hex');
}

/** Six random decimal digits, each code equally likely. */
export function newConfirmationCode(): string {
  for (;;) {
    const value = randomBytes(4).readUInt32BE();
    // 4,294,000,000 is the largest multiple of a million below 2^32: above it some codes would be more likely.
    if (value < 4_294_000_000) return String(value % 1_000_000).padStart(6, '0');
  }
}

export interface SecretBox {
  /** Seals a text, bound to `context`; the same context opens it. */
  seal(text: string, context: string): string;
  /** Opens a sealed text. Throws when the text was changed, or when no known key opens it. */
  open(sealed: string, context: string): string;
  /** Whether a text is sealed under the present secret; the id of the key in the text decides. */
  isPresent(sealed: string): boolean;
  /** An HMAC-SHA-256 in base64url; each purpose has its own key. */
  keyedDigest(purpose: string, text: string): string;
  /** Names the present secret in what it sealed or authenticated. */
  readonly keyId: string;
  /** Whether a secret of that name is known. */
  isKnown(keyId: string): boolean;
  /**
   * An HMAC-SHA-256 of the parts in base64url, under the secret that `keyId` names; each purpose has its own key. Null
   * where no known secret has that name.
   */
  authenticate(purpose: string, keyId: string, parts: readonly (string | Uint8Array)[]): string | null;
}

interface SealingKey {
  readonly id: string;
  readonly key: Buffer;
  readonly secret: string;
}

/** A box under `secret`; texts sealed under one of `oldSecrets` still open. */
export function createSecretBox(secret: string, oldSecrets: readonly string[] = []): SecretBox {
  const current = sealingKey(secret);
  const keys = new Map([...oldSecrets.map(sealingKey), current].map((key) => [key.id, key]));
  const digestKeys = new Map<string, Buffer>();
  const authenticationKeys = new Map<string, Buffer>();

  return {
    seal(text, context) {
      const nonce = takeNonce();
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `1.${current.id}.${nonce.toString('base64url')}.${body.toString('base64url')}`;
    },
    open(sealed, context) {
      const [version, id, nonce, body] = sealed.split('.');
      const known = id === undefined ? undefined : keys.get(id);
      if (version !== '1' || known === undefined || nonce === undefined || body === undefined) {
        throw new Error('sealed text: no key opens it');
      }
      const bytes = Buffer.from(body, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', known.key, Buffer.from(nonce, 'base64url'), {
        authTagLength: 16,
      });
      decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
    },
    isPresent: (sealed) => sealed.split('.', 2)[1] === current.id,
    keyedDigest(purpose, text) {
      let key = digestKeys.get(purpose);
      if (key === undefined) {
        key = derive(secret, `roster digest ${purpose}`);
        digestKeys.set(purpose, key);
      }
      return createHmac('sha256', key).update(text).digest('base64url');
    },
    keyId: current.id,
    isKnown: (keyId) => keys.has(keyId),
    authenticate(purpose, keyId, parts) {
      const known = keys.get(keyId);
      if (known === undefined) return null;
      const name = `${purpose} ${keyId}`;
      let key = authenticationKeys.get(name);
      if (key === undefined) {
        key = derive(known.secret, `roster authentication ${purpose}`);
        authenticationKeys.set(name, key);
      }
      const code = createHmac('sha256', key);
      for (const part of parts) code.update(part);
      return code.digest('base64url');
    },
  };
}

const nonceBytes = 12;
/** Holds 256 nonces, because drawing one nonce takes as long as sealing a text. */
const nonces = new RandomPool(nonceBytes * 256);

function takeNonce(): Buffer {
  const at = nonces.take(nonceBytes);
  return Buffer.from(nonces.bytes.subarray(at, at + nonceBytes));
}

function sealingKey(secret: string): SealingKey {
  return {
    id: derive(secret, 'roster key id').toString('hex').slice(0, 8),
    key: derive(secret, 'roster seal'),
    secret,
  };
}

/** HKDF-SHA-256 (RFC 5869) of the deployment's secret, 32 bytes for each purpose. */
function derive(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
}
