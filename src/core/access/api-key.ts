/** API keys of an organization: shown once, stored as digests, rotated, revoked, expiring. */
import type { OrgKey } from '../ids.ts';
import type { KeyRole } from './principal.ts';

export interface ApiKey {
  readonly orgKey: OrgKey;
  /** `key_` and 32 hex digits; names the key and gives no access. */
  readonly id: string;
  readonly role: KeyRole;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** The keys of all organizations, for look-ups before the organization is known. */
export interface ApiKeyDirectory {
  findByDigest(digest: string): Promise<ApiKey | null>;
  find(keyId: string): Promise<ApiKey | null>;
  /** Oldest first, revoked ones included. */
  list(): Promise<readonly ApiKey[]>;
}

/** The keys of one organization. */
export interface ApiKeyStore {
  insert(key: Omit<ApiKey, 'orgKey'>, digest: string): Promise<ApiKey>;
  /** Replaces the digest of the secret; false where the key is unknown or revoked. */
  replaceDigest(keyId: string, digest: string): Promise<boolean>;
  /** False where the key is unknown or revoked already. */
  revoke(keyId: string, at: number): Promise<boolean>;
}

/** Whether the key gives access at that instant. */
export function isUsable(key: ApiKey, now: number): boolean {
  return key.revokedAt === null && (key.expiresAt === null || now < key.expiresAt);
}
