/**
 * What a provider gave us for a person: tokens, or a code that may have been turned into tokens that never came
 * here. Grants exist in plain text in memory only, while a provider is called; in rows they are sealed. They are
 * never logged and never shown.
 */
import type { SecretBox } from '../secret.ts';
import { minuteMs } from '../time.ts';
import { type Connection, connectionContext } from './connection.ts';
import { type Revocation, revocationContext } from './revocation.ts';

export interface TokenGrant {
  readonly kind: 'tokens';
  /** The client that the provider gave them to: another one can neither use nor revoke them. */
  readonly clientId: string;
  readonly accessToken: string;
  /** Null where the provider gives none. */
  readonly refreshToken: string | null;
  /** Epoch milliseconds; null where the provider did not say. */
  readonly expiresAt: number | null;
  /** The person's id at the provider, where the provider tells it and a call of its own needs it. */
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

/** How far the clock here and the one of a provider may be apart. */
export const clockSkewMs = 5 * minuteMs;

/** Whether an access token opens nothing any more, whichever of the two clocks is right. */
export function hasRunOut({ expiresAt }: Pick<TokenGrant, 'expiresAt'>, now: number): boolean {
  return expiresAt !== null && expiresAt + clockSkewMs <= now;
}

/** A grant as a connection keeps it. */
export interface KeptGrant {
  /** `rev_` and 32 hex digits: the id under which it will be revoked. */
  readonly id: string;
  /** Refreshes since the last known answer, for a former grant; of the present one the connection counts them. */
  readonly unanswered: number;
  readonly tokens: TokenGrant;
}

/** The grants of a connection: the present one first, then former ones that may live on. */
export type KeptGrants = readonly [KeptGrant, ...(readonly KeptGrant[])];

export function sealGrants(
  secrets: SecretBox,
  connection: Pick<Connection, 'orgKey' | 'id'>,
  grants: KeptGrants,
): string {
  return secrets.seal(JSON.stringify(grants), connectionContext(connection));
}

/** Throws where no known secret opens them. Null where the connection has none. */
export function openGrants(
  secrets: SecretBox,
  connection: Pick<Connection, 'orgKey' | 'id' | 'sealedGrants'>,
): KeptGrants | null {
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

/** Throws where no known secret opens it. Null where it was dropped. */
export function openGrant(
  secrets: SecretBox,
  revocation: Pick<Revocation, 'orgKey' | 'id' | 'sealedGrant'>,
): Grant | null {
  if (revocation.sealedGrant === null) return null;
  return JSON.parse(secrets.open(revocation.sealedGrant, revocationContext(revocation)));
}
