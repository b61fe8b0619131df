/**
 * The flow of a person to a provider and back. The flow token is in the address of the start page, names the
 * organization, and is stored as a digest. Each time that a browser begins the flow, it gets a new OAuth state and a new
 * PKCE verifier, so that an address of the provider that another browser has seen is worth nothing. A flow is valid once, for ten
 * minutes.
 */
import { randomBytes } from 'node:crypto';
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { digestOf, newToken } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { attemptLifeMs, type Connection, type OAuthAttempt, type ReturnTo } from './connection.ts';
import type { Provider } from './provider.ts';

/** What the callback needs of an attempt, and the flow token for the answer to a repeated request. */
export interface AttemptSecrets {
  readonly flow: string;
  /** Null before a browser has begun the flow. */
  readonly begun: BegunSecrets | null;
}

/** The secrets between the browser that has begun the flow and the provider. */
export interface BegunSecrets {
  readonly state: string;
  /** The PKCE verifier (RFC 7636, section 4.1); null where the provider has no PKCE. */
  readonly verifier: string | null;
}

/** A step: a new attempt for the connection; returns the address of the start page, to which the person goes. */
export async function openAttempt(
  core: Core,
  tx: Tx,
  attempt: { readonly connection: Connection; readonly returnTo: ReturnTo },
): Promise<string> {
  const { connection, returnTo } = attempt;
  const flow = newToken('oaf', tx.orgKey);
  const flowDigest = digestOf(flow);
  await tx.attempts.insert({
    flowDigest,
    connectionId: connection.id,
    userId: connection.userId,
    sealedSecrets: sealSecrets(core, tx.orgKey, flowDigest, { flow, begun: null }),
    returnTo,
    expiresAt: core.clock.now() + attemptLifeMs,
  });
  return startAddress(core, flow);
}

/** The address of the start page of a flow. */
export function startAddress(core: Core, flow: string): string {
  const url = new URL('start', core.providers.redirectUri);
  url.searchParams.set('flow', flow);
  return url.href;
}

/** New secrets for a browser that begins a flow. */
export function newBegunSecrets(orgKey: OrgKey, { usesPkce }: Pick<Provider, 'usesPkce'>): BegunSecrets {
  return {
    state: newToken('oas', orgKey),
    verifier: usesPkce ? randomBytes(32).toString('base64url') : null,
  };
}

/** Seals the secrets of an attempt, bound to its row. */
export function sealSecrets(core: Core, orgKey: OrgKey, flowDigest: string, secrets: AttemptSecrets): string {
  return core.secrets.seal(JSON.stringify(secrets), attemptContext(orgKey, flowDigest));
}

/** The secrets of the attempt. Throws where no known secret opens them. */
export function openSecrets(core: Core, orgKey: OrgKey, attempt: OAuthAttempt): AttemptSecrets {
  return JSON.parse(core.secrets.open(attempt.sealedSecrets, attemptContext(orgKey, attempt.flowDigest)));
}

/** The context that the sealed secrets of an attempt are bound to. */
function attemptContext(orgKey: OrgKey, flowDigest: string): string {
  return `oauth attempt ${orgKey} ${flowDigest}`;
}
