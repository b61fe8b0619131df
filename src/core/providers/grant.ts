/**
 * A grant: what a provider gave for a person, tokens or a code. A code may have become tokens whose answer was lost.
 * Grants exist in plain text only in memory, while a provider is called; in rows they are sealed. They are never
 * logged and never shown.
 */
import type { SecretBox } from '../secret.ts';
import { minuteMs } from '../time.ts';
import { type Connection, connectionContext } from './connection.ts';
import { type Revocation, revocationContext } from './revocation.ts';

export interface TokenGrant {
  readonly kind: 'tokens';
  /** The client that the provider gave the tokens to: another client can neither use nor revoke them. */
  readonly clientId: string;
  readonly accessToken: string;
  /** Null where the provider gives no refresh token. */
  readonly refreshToken: string | null;
  /** Epoch milliseconds; null where the provider did not say. */
  readonly expiresAt: number | null;
  /** The person's id at the provider, where a call of the provider's own needs it; null otherwise. */
  readonly account: string | null;
}

export interface CodeGrant {
  readonly kind: 'code';
  readonly clientId: string;
  readonly code: string;
  /** The PKCE verifier (RFC 7636); null where the provider has no PKCE. */
  readonly verifier: string | null;
  readonly redirectUri: string;
}

export type Grant = TokenGrant | CodeGrant;

/** How far the clocks of this server and of a provider may differ. */
export const clockSkewMs = 5 * minuteMs;

/** Whether an access token has expired, even where the provider's clock is behind by `clockSkewMs`. */
export function hasExpired({ expiresAt }: Pick<TokenGrant, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt + clockSkewMs <= now;
}

/** Names a grant by the id of its revocation, without its tokens. */
export interface GrantRef {
  readonly id: string;
  readonly connectionId: string;
  readonly provider: string;
}

/** A grant as a connection stores it. */
export interface StoredGrant {
  /** `rev_` and 32 hex digits: the id of its later revocation. */
  readonly id: string;
  /** For a former grant: its refreshes since the last known answer. The connection counts those of the present grant. */
  readonly unanswered: number;
  readonly tokens: TokenGrant;
}

/** The grants of a connection: the present one first, then former ones that may still be valid. */
export type StoredGrants = readonly [StoredGrant, ...(readonly StoredGrant[])];

export function sealGrants(
  secrets: SecretBox,
  connection: Pick<Connection, 'orgKey' | 'id'>,
  grants: StoredGrants,
): string {
  return secrets.seal(JSON.stringify(grants), connectionContext(connection));
}

/** Null where the connection has none. Throws where no known secret opens them. */
export function openGrants(
  secrets: SecretBox,
  connection: Pick<Connection, 'orgKey' | 'id' | 'sealedGrants'>,
): StoredGrants | null {
  if (connection.sealedGrants === null) return null;
  return JSON.parse(secrets.open(connection.sealedGrants, connectionContext(connection)));
}

export function sealGrant(
  secrets: SecretBox,
  revocation: Pick<Revocation, 'orgKey' | 'id'>,
  grant: Grant,
): string {
  return secrets.seal(JSON.stringify(grant), revocationContext(revocation));
}

/** Null where it was dropped. Throws where no known secret opens it. */
export function openGrant(
  secrets: SecretBox,
  revocation: Pick<Revocation, 'orgKey' | 'id' | 'sealedGrant'>,
): Grant | null {
  if (revocation.sealedGrant === null) return null;
  return JSON.parse(secrets.open(revocation.sealedGrant, revocationContext(revocation)));
}
