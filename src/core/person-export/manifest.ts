/**
 * The manifest of an export: which files there are, of whom, from whom and when, signed with the key of receipts. Its file
 * has the claims to read, and beside them the signed statement (a compact JWS) that has the same claims.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '../access/principal.ts';
import {
  type Jwks,
  type ReceiptFault,
  type ReceiptSigner,
  type Stater,
  signStatement,
  type UnknownClaims,
  verifyStatement,
} from '../erasure/receipt.ts';

export const manifestFile = 'manifest.json';

export const manifestType = 'person-export+jws';

export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** A column that the directory has and an export does not show, or shows in part. */
export interface HeldColumn {
  readonly table: string;
  readonly column: string;
  readonly why: string;
}

export interface ExportClaims extends Stater {
  readonly export_id: string;
  /** The person's id in its `usr_` form. */
  readonly user_id: string;
  /** RFC 3339 in UTC. */
  readonly exported_at: string;
  readonly exported_by: Principal['kind'];
  readonly door: string;
  readonly files: readonly ManifestFile[];
  readonly held: readonly HeldColumn[];
}

/** The text of the file of the manifest. */
export async function signManifest(claims: ExportClaims, signer: ReceiptSigner): Promise<string> {
  const signed = await signStatement(claims, manifestType, signer);
  return `${JSON.stringify({ manifest: claims, signed }, null, 2)}\n`;
}

/** `not_as_signed`: the claims to read are others than those that are signed. */
export type ManifestFault = ReceiptFault | 'not_as_signed';

/** The claims of a manifest if one of the keys has signed them; otherwise what is wrong. The files are not looked at. */
export function verifyManifest(
  text: string,
  jwks: Jwks,
): { readonly claims: ExportClaims; readonly kid: string } | { readonly fault: ManifestFault } {
  const { manifest, signed } = parse(text);
  if (typeof signed !== 'string') return { fault: 'malformed' };
  const result = verifyStatement(signed, { typ: manifestType, jwks, isClaims });
  if ('fault' in result || isDeepStrictEqual(manifest, result.claims)) return result;
  return { fault: 'not_as_signed' };
}

function parse(text: string): { readonly manifest?: unknown; readonly signed?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function isClaims(value: UnknownClaims): value is UnknownClaims & ExportClaims {
  const files = value?.['files'];
  return typeof value?.['export_id'] === 'string' && Array.isArray(files) && files.every(isFile);
}

/** A name without a folder: a manifest leads to no file elsewhere. */
const fileName = /^[a-z][a-z0-9_]*\.(json|csv)$/;

function isFile(value: unknown): value is ManifestFile {
  const { name, bytes, sha256 } = Object(value);
  const isNamed = typeof name === 'string' && fileName.test(name);
  return isNamed && Number.isSafeInteger(bytes) && typeof sha256 === 'string';
}
