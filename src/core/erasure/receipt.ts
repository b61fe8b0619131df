/**
 * The receipt of an erasure: a compact JWS (RFC 7515) signed with Ed25519 (`EdDSA`, RFC 8037). The public keys are
 * enough to verify it. It says what was done and when, and has no data of a person: the user is a SHA-256 of its
 * random id.
 *
 * The form is written here and not by a library, because there is nothing to choose in it: one algorithm, keys of
 * our own, and a signature that Node's own crypto makes and checks.
 */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { Organization } from '../directory/organization.ts';
import type { Revocation } from '../providers/revocation.ts';
import { toMillisecondText } from '../time.ts';
import type { Erasure, Kept, RemovedRows } from './erasure.ts';

/** A public signing key as RFC 8037 writes it. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  /** The key's thumbprint (RFC 7638). */
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

/** A key set as RFC 7517 writes it. */
export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

/** The key that signs. */
export interface ReceiptSigner {
  readonly kid: string;
  readonly key: KeyObject;
}

/** How access ended at a provider. `unconfirmed`: an operator gave up waiting. */
export interface ReceiptProvider {
  readonly provider: string;
  readonly outcome: 'confirmed' | 'unconfirmed';
  /** The provider's last answer as a short code; null where it never answered. */
  readonly detail: string | null;
  readonly at: string;
}

/** Who states it: the organization whose user it was, and the address of the deployment. */
export interface Stater {
  /** The public address of the deployment, as a `StringOrURI` of RFC 7519. */
  readonly iss: string;
  readonly organization: Pick<Organization, 'id' | 'name'>;
}

/** The claims of a receipt. Times are RFC 3339 in UTC. Receipts of earlier versions do not say who states them. */
export interface ReceiptClaims extends Partial<Stater> {
  readonly erasure_id: string;
  /** SHA-256 in hex of the user id's 32 hex digits, which `usr_` stands before in some APIs. */
  readonly user_id_sha256: string;
  readonly requested_at: string;
  readonly requested_by: Erasure['requestedBy'];
  readonly door: string;
  readonly completed_at: string;
  /** Rows by table. */
  readonly removed: RemovedRows;
  readonly providers: readonly ReceiptProvider[];
  /** Why an operator gave up waiting for a provider; absent where none did. */
  readonly abandoned_because?: string;
  /** When a replay repeated the erasure on a restored database; absent where that never happened. */
  readonly replayed_at?: string;
  readonly kept: readonly Kept[];
}

export const receiptType = 'erasure-receipt+jws';

/** The claims of an erasure that is complete at the instant `completedAt`. */
export function claimsOf(
  erasure: Erasure,
  {
    completedAt,
    revocations,
    kept,
    stater,
  }: {
    readonly stater: Stater;
    readonly completedAt: number;
    readonly revocations: readonly Revocation[];
    readonly kept: readonly Kept[];
  },
): ReceiptClaims {
  const { abandonReason, replayedAt } = erasure;
  return {
    ...stater,
    erasure_id: erasure.id,
    user_id_sha256: erasure.userDigest,
    // The clock may have been set back since the request.
    requested_at: toMillisecondText(Math.min(erasure.requestedAt, completedAt)),
    requested_by: erasure.requestedBy,
    door: erasure.door,
    completed_at: toMillisecondText(completedAt),
    removed: erasure.removed,
    providers: revocations.map(({ provider, state, outcome, endedAt }) => ({
      provider,
      outcome: state === 'confirmed' ? 'confirmed' : 'unconfirmed',
      detail: outcome,
      at: toMillisecondText(endedAt ?? completedAt),
    })),
    ...(abandonReason === null ? {} : { abandoned_because: abandonReason }),
    ...(replayedAt === null ? {} : { replayed_at: toMillisecondText(replayedAt) }),
    kept,
  };
}

/** The compact JWS over the claims. */
export function signReceipt(claims: ReceiptClaims, signer: ReceiptSigner): Promise<string> {
  return signStatement(claims, receiptType, signer);
}

/** The compact JWS of that type over the claims. The signature is computed in another thread. */
export async function signStatement(
  claims: object,
  typ: string,
  { kid, key }: ReceiptSigner,
): Promise<string> {
  const head = encode({ alg: 'EdDSA', typ, kid });
  const signed = `${head}.${encode(claims)}`;
  const signature = await signBytes(null, Buffer.from(signed), key);
  return `${signed}.${signature.toString('base64url')}`;
}

const signBytes = promisify(sign);

/**
 * The keys in a JSON Web Key Set that can sign receipts; other keys in it are left out. Null where the text is no
 * key set.
 */
export function parseJwks(text: string): Jwks | null {
  const set = parseObject(text);
  const keys = set?.['keys'];
  return Array.isArray(keys) ? { keys: keys.filter(isPublicJwk) } : null;
}

function isPublicJwk(value: unknown): value is PublicJwk {
  const { kty, crv, x, kid } = Object(value);
  return (
    kty === 'OKP' && crv === 'Ed25519' && typeof kid === 'string' && typeof x === 'string' && wholeKey.test(x)
  );
}

/** 32 bytes in base64url, in its one canonical form. */
const wholeKey = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Why a text is not a receipt of these keys. */
export type ReceiptFault = 'malformed' | 'unknown_key' | 'bad_signature';

/** The claims of a statement and the key that signed it, or what is wrong. */
export type Verified<Claims> =
  | { readonly claims: Claims; readonly kid: string }
  | { readonly fault: ReceiptFault };

/** The claims of a receipt if one of the keys has signed it; otherwise what is wrong. */
export function verifyReceipt(text: string, jwks: Jwks): Verified<ReceiptClaims> {
  return verifyStatement(text, { typ: receiptType, jwks, isClaims });
}

/** The claims of a text of that type if one of the keys has signed it, and they are of the right form. */
export function verifyStatement<Claims>(
  text: string,
  {
    typ,
    jwks: { keys },
    isClaims: isOfForm,
  }: {
    readonly typ: string;
    readonly jwks: Jwks;
    readonly isClaims: (value: UnknownClaims) => value is UnknownClaims & Claims;
  },
): Verified<Claims> {
  const [head, payload, signature, ...rest] = text.trim().split('.');
  if (head === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    return { fault: 'malformed' };
  }
  const header = decode(head);
  // The program chooses the algorithm, not the receipt: a text that names another one is no receipt.
  if (header?.['alg'] !== 'EdDSA' || header['typ'] !== typ || 'crit' in header) {
    return { fault: 'malformed' };
  }
  const jwk = keys.find(({ kid }) => kid === header['kid']);
  if (jwk === undefined) return { fault: 'unknown_key' };
  const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, format: 'jwk' });
  const isGenuine =
    canonical.test(signature) &&
    verify(null, Buffer.from(`${head}.${payload}`), key, Buffer.from(signature, 'base64url'));
  if (!isGenuine) return { fault: 'bad_signature' };
  const claims = decode(payload);
  return isOfForm(claims) ? { claims, kid: jwk.kid } : { fault: 'malformed' };
}

/** 64 bytes in base64url, in its one canonical form: the last of the 86 characters has four unused bits. */
const canonical = /^[A-Za-z0-9_-]{85}[AQgw]$/;

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Readonly<Record<string, unknown>> | null {
  return parseObject(Buffer.from(part, 'base64url').toString('utf8'));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/** A JSON object, or null where there is none. */
export type UnknownClaims = Readonly<Record<string, unknown>> | null;

function isClaims(value: UnknownClaims): value is UnknownClaims & ReceiptClaims {
  return typeof value?.['erasure_id'] === 'string' && typeof value['user_id_sha256'] === 'string';
}
