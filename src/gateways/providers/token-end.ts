/**
 * How tokens end at a service: by a revocation endpoint (RFC 7009), with introspection (RFC 7662) as the proof where
 * there is one, or by a call of the service's own with an access token that still works.
 */
import * as oauth from 'oauth4webapi';
import { hasRunOut, type TokenGrant } from '../../core/providers/grant.ts';
import type { EndAnswer } from '../../core/providers/provider.ts';
import type { ClientAuthentication, EndDescription } from '../../core/providers/provider-description.ts';
import { secondMs } from '../../core/time.ts';
import type { OAuthParty, OAuthProviderParts } from './oauth-party.ts';
import { failureOf, type ProviderHttp, readMembers, reasonOf, retryAfterOf } from './provider-http.ts';

/** An access token that ends this soon may have ended when it arrives. */
const marginMs = 5 * secondMs;

export function createTokenEnd(
  { description, http, clock }: OAuthProviderParts,
  party: OAuthParty,
): (grant: TokenGrant) => Promise<EndAnswer> {
  const { end, introspectionEndpoint, clientAuthentication } = description;
  /** Where a fresh one can be had, one that may have run out is not worth the call. */
  const isStale = (grant: TokenGrant): boolean =>
    grant.refreshToken === null
      ? hasRunOut(grant, clock.now())
      : grant.expiresAt !== null && grant.expiresAt <= clock.now() + marginMs;

  if (end.kind === 'call') {
    return async (grant) => {
      if (isStale(grant)) return { kind: 'stale', reason: 'expired' };
      return callEnd(http, end, grant);
    };
  }
  return async (grant) => {
    const calls: Calls = { party, end, signal: http.deadline() };
    const tokens = tokensOf(grant, hasRunOut(grant, clock.now()));
    const first = tokens.slice(0, end.endsAllTokens === true ? 1 : tokens.length);
    for (const token of first) {
      const failure = await revoke(calls, token);
      if (failure !== null) return failure;
    }
    if (introspectionEndpoint === null) return { kind: 'ended', outcome: 'revoked', covers: 'tokens' };
    for (const token of tokens) {
      const failure = await proveInactive(calls, clientAuthentication, token);
      if (failure !== null) return failure;
    }
    return { kind: 'ended', outcome: 'inactive', covers: 'tokens' };
  };
}

interface Token {
  readonly kind: 'refresh_token' | 'access_token';
  readonly text: string;
}

/** What the calls of one attempt share. */
interface Calls {
  readonly party: OAuthParty;
  readonly end: EndDescription & { readonly kind: 'rfc7009' };
  readonly signal: AbortSignal;
}

/** The refresh token first, for it is what makes access last; an access token that has run out needs no end. */
function tokensOf({ refreshToken, accessToken }: TokenGrant, isOut: boolean): readonly Token[] {
  const refresh: readonly Token[] =
    refreshToken === null ? [] : [{ kind: 'refresh_token', text: refreshToken }];
  return isOut ? refresh : [...refresh, { kind: 'access_token', text: accessToken }];
}

/** Null where the service took it (RFC 7009, section 2.2: also a token that it does not know). */
async function revoke({ party, end, signal }: Calls, token: Token): Promise<EndAnswer | null> {
  const { server, client } = party;
  const authentication = party.authentication(end.clientAuthentication);
  const response = await settled(() =>
    oauth.revocationRequest(server, client, authentication, token.text, {
      ...party.options(signal),
      additionalParameters: { token_type_hint: token.kind },
    }),
  );
  if (!(response instanceof Response)) return response;
  if (response.status === 200) return null;
  const { error } = await readMembers(response);
  if (typeof error === 'string' && end.goneErrors?.includes(error) === true) return null;
  // RFC 7009, section 2.2.1: such a token ends by itself, when it expires.
  const reason = error === 'unsupported_token_type' ? error : reasonOf(response);
  return { kind: 'try_again', reason, ...retryAfterOf(response) };
}

/** Null where the service says that the token is not active (RFC 7662, section 2.2). */
async function proveInactive(
  { party, signal }: Calls,
  method: ClientAuthentication,
  token: Token,
): Promise<EndAnswer | null> {
  const { server, client } = party;
  const response = await settled(() =>
    oauth.introspectionRequest(server, client, party.authentication(method), token.text, {
      ...party.options(signal),
      additionalParameters: { token_type_hint: token.kind },
    }),
  );
  if (!(response instanceof Response)) return response;
  const { active } = response.status === 200 ? await readMembers(response) : {};
  if (active === false) return null;
  const reason = active === true ? 'still_active' : reasonOf(response);
  return { kind: 'try_again', reason, ...retryAfterOf(response) };
}

async function callEnd(
  http: ProviderHttp,
  end: EndDescription & { readonly kind: 'call' },
  { accessToken, account }: TokenGrant,
): Promise<EndAnswer> {
  const { method, token, success, covers } = end;
  if (end.url.includes('{account}') && account === null) return { kind: 'try_again', reason: 'no_account' };
  const url = new URL(end.url.replace('{account}', encodeURIComponent(account ?? '')));
  if (token !== 'bearer') url.searchParams.set(token.parameter, accessToken);
  const headers = {
    Accept: 'application/json',
    ...(token === 'bearer' ? { Authorization: `Bearer ${accessToken}` } : {}),
  };
  const response = await settled(() => http.fetch(url.href, { method, headers, signal: http.deadline() }));
  if (!(response instanceof Response)) return response;
  if (success.includes(response.status)) return { kind: 'ended', outcome: 'revoked', covers };
  if (response.status === 401) return { kind: 'stale', reason: reasonOf(response) };
  return { kind: 'try_again', reason: reasonOf(response), ...retryAfterOf(response) };
}

/** The answer, or what its absence means: an end is safe to repeat, so it is. */
async function settled(send: () => Promise<Response>): Promise<Response | EndAnswer> {
  try {
    return await send();
  } catch (error) {
    return { kind: 'try_again', reason: failureOf(error).reason };
  }
}
