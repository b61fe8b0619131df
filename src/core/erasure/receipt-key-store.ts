/** Where the keys that sign receipts are kept: their rows, and the file of their public halves. */
import type { Jwks, PublicJwk } from './receipt.ts';

/** A key as a row. */
export interface ReceiptKey {
  /** The thumbprint of the public half (RFC 7638), which is also its `kid`. */
  readonly id: string;
  /** The `x` of its JWK: 32 bytes in base64url. */
  readonly publicKey: string;
  /** The PKCS #8 form in base64url, sealed; null once the key no longer signs. */
  readonly sealedKey: string | null;
  readonly createdAt: number;
  readonly retiredAt: number | null;
}

export interface ReceiptKeyStore {
  /** Oldest first. */
  list(): Promise<readonly ReceiptKey[]>;
  insert(key: ReceiptKey): Promise<void>;
  /** Removes the private half; false where another process has done so first. */
  retire(id: string, at: number): Promise<boolean>;
}

/** The file with a second copy of the public keys, so that receipts verify without the database. */
export interface PublicKeyFile {
  read(): Promise<Jwks>;
  /** Adds keys; those that are there stay. */
  add(keys: readonly PublicJwk[]): Promise<void>;
}

/** The text that is bound to a sealed key, so that it opens only as this one. */
export function receiptKeyContext({ id }: Pick<ReceiptKey, 'id'>): string {
  return `receipt key ${id}`;
}
