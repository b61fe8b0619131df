/**
 * API keys of an organization: shown once, stored as digests, rotated, revoked, expiring. After a rotation the former
 * secret may stay valid for some days, so that a backend can change over without a gap.
 */

import type { KeyRole } from '../access/principal.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs, hourMs } from '../time.ts';

export interface ApiKey {
  readonly orgKey: OrgKey;
  /** `key_` and 32 hex digits; names the key and gives no access. */
  readonly id: string;
  readonly role: KeyRole;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** A key as an operator sees it. */
export interface KeyDossier extends ApiKey {
  /** Null for a key without one. */
  readonly name: string | null;
  /** The hour of the last use, by its first instant; null where it was never used. */
  readonly usedAt: number | null;
  /** The /24 or the /48 of that use. */
  readonly network: string | null;
  /** Until when the secret is valid that the last rotation has replaced; null where none is. */
  readonly formerUntil: number | null;
  /** The hour of the last use of that secret. */
  readonly formerUsedAt: number | null;
}

/** The longest time for which a former secret stays valid. */
export const formerKeyMsMax = 7 * dayMs;
export const formerHoursMax = formerKeyMsMax / hourMs;

/** The keys of all organizations, for look-ups before the organization is known. */
export interface ApiKeyDirectory {
  findByDigest(digest: string): Promise<ApiKey | null>;
  /** The key whose former secret has that digest, and is valid at that instant. */
  findByFormerDigest(digest: string, now: number): Promise<ApiKey | null>;
  find(keyId: string): Promise<KeyDossier | null>;
  /** Oldest first, revoked ones included. */
  list(): Promise<readonly KeyDossier[]>;
}

/** A use of a key, as coarse as it is stored. */
export interface KeyUse {
  /** Of the secret that was used. */
  readonly digest: string;
  /** The hour, by its first instant. */
  readonly hour: number;
  /** A /24 or a /48. */
  readonly network: string;
}

/** The keys of one organization. */
export interface ApiKeyStore {
  insert(key: Omit<ApiKey, 'orgKey'> & { readonly name?: string | null }, digest: string): Promise<ApiKey>;
  find(keyId: string): Promise<KeyDossier | null>;
  /** Oldest first, revoked ones included. */
  list(): Promise<readonly KeyDossier[]>;
  /** False where the key is unknown or revoked. */
  update(keyId: string, changes: Pick<KeyDossier, 'name' | 'expiresAt'>): Promise<boolean>;
  /**
   * Replaces the digest of the secret; false where the key is unknown or revoked. The replaced secret stays valid until
   * `formerUntil`, null for not at all. A secret that an earlier rotation has replaced ends.
   */
  replaceDigest(keyId: string, digest: string, formerUntil?: number | null): Promise<boolean>;
  /** Ends the former secret; false where there is none. */
  endFormer(keyId: string): Promise<boolean>;
  /** False where the key is unknown or revoked already. Ends its former secret too. */
  revoke(keyId: string, at: number): Promise<boolean>;
  /** Notes a use unless one of that hour or a later one is noted already. */
  noteUse(use: KeyUse, now: number): Promise<void>;
}

/** Whether the key gives access at that instant. */
export function isUsable(key: ApiKey, now: number): boolean {
  return key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt);
}
