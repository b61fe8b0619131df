/**
 * Ends tokens at a service: by a revocation endpoint (RFC 7009), with introspection (RFC 7662) as the proof where the
 * service has it, or by a call of the service's own with a valid access token.
 */
import * as oauth from 'oauth4webapi';
import { hasExpired, type TokenGrant } from '../../core/providers/grant.ts';
import type { EndAnswer } from '../../core/providers/provider.ts';
import type {
  AnswerForms,
  ClientAuthentication,
  EndDescription,
} from '../../core/providers/provider-description.ts';
import { secondMs } from '../../core/time.ts';
import { type Members, readMembers } from './answer-body.ts';
import type { OAuthParty, OAuthProviderParts } from './oauth-party.ts';
import { failureOf, type ProviderHttp, reasonOf, retryAfterOf } from './provider-http.ts';
import { hasForm, meaningOf, saysError, saysUnknownToken } from './refusal-codes.ts';

/** An access token that expires within this time may have expired when the request arrives. */
const marginMs = 5 * secondMs;

export function createTokenEnd(
  { description, http, clock }: OAuthProviderParts,
  party: OAuthParty,
): (grant: TokenGrant) => Promise<EndAnswer> {
  const { end, answers, introspectionEndpoint, clientAuthentication } = description;
  /** Where a refresh can give a new access token, the call is not sent with one that may have expired. */
  const isStale = (grant: TokenGrant): boolean =>
    grant.refreshToken === null
      ? hasExpired(grant, clock.now())
      : grant.expiresAt !== null && grant.expiresAt <= clock.now() + marginMs;

  if (end.kind === 'call') {
    return async (grant) => {
      if (isStale(grant)) return { kind: 'stale', reason: 'expired' };
      return callEnd({ http, end, answers }, grant);
    };
  }
  return async (grant) => {
    const calls: Calls = { party, end, answers, signal: http.deadline() };
    const tokens = tokensOf(grant, hasExpired(grant, clock.now()));
    let outcome: 'revoked' | 'unknown_grant' = 'unknown_grant';
    for (const token of tokens) {
      const result = await revoke(calls, token);
      if (typeof result !== 'string') return result;
      if (result === 'unknown') continue;
      outcome = 'revoked';
      if (end.endsAllTokens === true) break;
    }
    if (introspectionEndpoint === null) return { kind: 'ended', outcome, covers: 'tokens' };
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

/** The arguments that the calls of one attempt share. */
interface Calls {
  readonly party: OAuthParty;
  readonly end: EndDescription & { readonly kind: 'rfc7009' };
  readonly answers: AnswerForms | undefined;
  readonly signal: AbortSignal;
}

/** The refresh token first, because it prolongs access; an expired access token needs no revocation. */
function tokensOf({ refreshToken, accessToken }: TokenGrant, isExpired: boolean): readonly Token[] {
  const refresh: readonly Token[] =
    refreshToken === null ? [] : [{ kind: 'refresh_token', text: refreshToken }];
  return isExpired ? refresh : [...refresh, { kind: 'access_token', text: accessToken }];
}

/**
 * Every 2xx without an error in its body confirms the end of the token. RFC 7009, section 2.2, asks for 200 where the
 * token is unknown too; other services answer with an error that says so: `unknown`.
 */
async function revoke(
  { party, end, answers, signal }: Calls,
  token: Token,
): Promise<'revoked' | 'unknown' | EndAnswer> {
  const { server, client } = party;
  const authentication = party.authentication(end.clientAuthentication);
  const response = await settled(() =>
    oauth.revocationRequest(server, client, authentication, token.text, {
      ...party.options(signal),
      additionalParameters: { token_type_hint: token.kind },
    }),
  );
  if (!(response instanceof Response)) return response;
  const body = await readMembers(response);
  if (isUnknownToken(response, body, answers)) return 'unknown';
  if (response.ok && !saysError(body)) return 'revoked';
  const { error } = body;
  // RFC 7009, section 2.2.1: the service cannot revoke tokens of this type, which end only when they expire.
  const reason = error === 'unsupported_token_type' ? error : errorReasonOf(response, body);
  return { kind: 'try_again', reason, ...retryAfterOf(response) };
}

/** Null where the service says that the token is not active (RFC 7662, section 2.2), or that it does not know it. */
async function proveInactive(
  { party, answers, signal }: Calls,
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
  const body = await readMembers(response);
  if (isUnknownToken(response, body, answers)) return null;
  // Some services send the boolean as a text.
  const active = response.ok ? String(body['active']) : '';
  if (active === 'false') return null;
  const reason = active === 'true' ? 'still_active' : errorReasonOf(response, body);
  return { kind: 'try_again', reason, ...retryAfterOf(response) };
}

/** Whether a refusal says that the service does not know the token. */
function isUnknownToken(response: Response, body: Members, answers: AnswerForms | undefined): boolean {
  const { ok, status } = response;
  const isRefusal = ok ? saysError(body) : status >= 400 && status < 500;
  return hasForm(answers?.noSuchToken, body) || (isRefusal && saysUnknownToken(response, body));
}

/** The code of an answer that is no success. A 2xx says it in its body. */
function errorReasonOf(response: Response, body: Members): string {
  return (response.ok ? meaningOf(body)?.code : null) ?? reasonOf(response);
}

/** With these a call says nothing of the grant's end, but its access token or its person may be unknown. */
const unknownStatuses: ReadonlySet<number> = new Set([401, 404, 410]);

async function callEnd(
  {
    http,
    end,
    answers,
  }: {
    readonly http: ProviderHttp;
    readonly end: EndDescription & { readonly kind: 'call' };
    readonly answers: AnswerForms | undefined;
  },
  { accessToken, refreshToken, account }: TokenGrant,
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
  const isSuccess = success === undefined ? response.ok : success.includes(response.status);
  const body = await readMembers(response);
  if (isSuccess && !saysError(body)) return { kind: 'ended', outcome: 'revoked', covers };
  const isUnknown = isUnknownToken(response, body, answers);
  // The refresh token, where there is one, shows whether the grant has ended or only this access token.
  if (isUnknown && refreshToken === null)
    return { kind: 'ended', outcome: 'unknown_grant', covers: 'tokens' };
  const reason = errorReasonOf(response, body);
  if (isUnknown || unknownStatuses.has(response.status)) return { kind: 'stale', reason };
  return { kind: 'try_again', reason, ...retryAfterOf(response) };
}

/** The answer; without one a retry, because ending a token twice is safe. */
async function settled(send: () => Promise<Response>): Promise<Response | EndAnswer> {
  try {
    return await send();
  } catch (error) {
    return { kind: 'try_again', reason: failureOf(error).reason };
  }
}
