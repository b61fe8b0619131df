/**
 * Sends a person to a provider. The state, which comes back with the callback, names the organization and is stored
 * as a digest; the PKCE verifier and the address are sealed beside it. An attempt is valid once, for ten minutes.
 */
import { randomBytes } from 'node:crypto';
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { digestOf, newToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { attemptLifeMs, type Connection, type OAuthAttempt, type ReturnTo } from './connection.ts';
import type { Provider } from './provider.ts';

/** What the callback needs of an attempt, and the address for the answer to a repeated request. */
export interface AttemptSecrets {
  /** Null where the provider has no PKCE. */
  readonly verifier: string | null;
  readonly authUrl: string;
}

/** A step: a new attempt for the connection; returns the address to send the person to. */
export async function openAttempt(
  core: Core,
  tx: Tx,
  attempt: { readonly connection: Connection; readonly provider: Provider; readonly returnTo: ReturnTo },
): Promise<string> {
  const { connection, provider, returnTo } = attempt;
  const state = newToken('oas', tx.orgKey);
  const verifier = provider.usesPkce ? randomBytes(32).toString('base64url') : null;
  const authUrl = provider.authorizationUrl({
    state,
    // The digest is the S256 challenge of RFC 7636, section 4.2.
    challenge: verifier === null ? null : digestOf(verifier),
    redirectUri: core.providers.redirectUri,
  });
  const stateDigest = digestOf(state);
  const secrets: AttemptSecrets = { verifier, authUrl };
  await tx.attempts.insert({
    stateDigest,
    connectionId: connection.id,
    userId: connection.userId,
    sealedSecrets: core.secrets.seal(JSON.stringify(secrets), attemptContext(tx.orgKey, stateDigest)),
    returnTo,
    expiresAt: core.clock.now() + attemptLifeMs,
  });
  return authUrl;
}

/** The secrets of the attempt. Throws where no known secret opens them. */
export function openSecrets(core: Core, orgKey: OrgKey, attempt: OAuthAttempt): AttemptSecrets {
  return JSON.parse(core.secrets.open(attempt.sealedSecrets, attemptContext(orgKey, attempt.stateDigest)));
}

/** The context that the sealed secrets of an attempt are bound to. */
export function attemptContext(orgKey: OrgKey, stateDigest: string): string {
  return `oauth attempt ${orgKey} ${stateDigest}`;
}
