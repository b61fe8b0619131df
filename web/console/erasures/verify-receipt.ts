/**
 * Verifies a receipt in the browser: a compact JWS with Ed25519, against the keys that the deployment publishes. Where the browser
 * does not know Ed25519, the server verifies it.
 */
import type { ReceiptCheckAnswer } from '../../../src/contracts/console/shapes/erasures.ts';
import { ApiProblem, call } from '../api.ts';

export interface CheckedReceipt extends ReceiptCheckAnswer {
  readonly isByBrowser: boolean;
}

interface PublicKey {
  readonly kid: string;
  readonly x: string;
}

/** Where every deployment publishes its keys. */
export const keysPath = '/.well-known/jwks.json';
const receiptType = 'erasure-receipt+jws';

export async function verifyReceipt(text: string): Promise<CheckedReceipt> {
  try {
    return { ...(await verifyHere(text.trim())), isByBrowser: true };
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const body = { receipt: text };
    return { ...(await call<ReceiptCheckAnswer>('POST', '/receipts/verify', { body })), isByBrowser: false };
  }
}

async function verifyHere(text: string): Promise<ReceiptCheckAnswer> {
  const [head = '', payload = '', signature = '', ...rest] = text.split('.');
  const header = readJson(head);
  const claims = readJson(payload);
  const isForm = rest.length === 0 && signature !== '' && header?.['alg'] === 'EdDSA' && !('crit' in header);
  if (!isForm || header['typ'] !== receiptType) return invalid('malformed');
  const key = (await readKeys()).find(({ kid }) => kid === header['kid']);
  if (key === undefined) return invalid('unknown_key');
  const isGenuine = await isSignedBy(key, `${head}.${payload}`, signature);
  if (!isGenuine) return invalid('bad_signature');
  if (typeof claims?.['erasure_id'] !== 'string') return invalid('malformed');
  return { isValid: true, reason: null, kid: key.kid, claims };
}

/** 64 bytes in base64url, in its one canonical form. */
const canonical = /^[A-Za-z0-9_-]{85}[AQgw]$/;

async function isSignedBy({ x }: PublicKey, signed: string, signature: string): Promise<boolean> {
  if (!canonical.test(signature)) return false;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x };
  const key = await crypto.subtle.importKey('jwk', jwk, { name: 'Ed25519' }, false, ['verify']);
  return crypto.subtle.verify({ name: 'Ed25519' }, key, bytesOf(signature), new TextEncoder().encode(signed));
}

async function readKeys(): Promise<readonly PublicKey[]> {
  const answer = await fetch(keysPath).catch(() => {
    throw new ApiProblem('offline');
  });
  if (!answer.ok) throw new ApiProblem('not_ours', { status: answer.status });
  const { keys = [] }: { keys?: readonly (PublicKey & { readonly crv?: string })[] } = await answer.json();
  return keys.filter(({ crv }) => crv === 'Ed25519');
}

function invalid(reason: NonNullable<ReceiptCheckAnswer['reason']>): ReceiptCheckAnswer {
  return { isValid: false, reason, kid: null, claims: null };
}

/** The JSON object in a part of the receipt; null for anything else. */
export function readJson(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytesOf(part)));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function bytesOf(part: string): Uint8Array<ArrayBuffer> {
  const text = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
