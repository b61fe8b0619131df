/**
 * Withings departs from OAuth 2.0 at the token endpoint: one address for all calls, a parameter `action`, every answer
 * 200 with the real status in the body, and the members of the answer one level down. A call with the user's id ends
 * access; it is signed with a nonce (HMAC-SHA-256 with the client secret) and needs no token.
 *
 * https://developer.withings.com/api-reference: "OAuth 2.0 - Request Access and Refresh Tokens", "OAuth 2.0 - Revoke
 * user access", "Signature v2 - Getnonce", "Response status".
 */
import { createHmac } from 'node:crypto';
import type { TokenGrant } from '../../core/providers/grant.ts';
import type { EndAnswer, Provider, TokenAnswer } from '../../core/providers/provider.ts';
import { commonDescription, type ProviderDescription } from '../../core/providers/provider-description.ts';
import { secondMs } from '../../core/time.ts';
import { type Members, membersOf, readMembers } from './answer-body.ts';
import type { OAuthProviderParts } from './oauth-party.ts';
import { authorizationUrl, readCallback } from './oauth-provider.ts';
import { BrokenBody, type CallFailure, failureOf, reasonOf, retryAfterOf } from './provider-http.ts';
import { meaningOf } from './refusal-codes.ts';
import { readTokens } from './token-body.ts';
import { refusalOf } from './token-refusal.ts';

const serviceUrl = 'https://wbsapi.withings.net';
const tokenUrl = `${serviceUrl}/v2/oauth2`;
const signatureUrl = `${serviceUrl}/v2/signature`;

const withingsDescription: Omit<ProviderDescription, 'end'> = {
  ...commonDescription,
  name: 'withings',
  title: 'Withings',
  issuer: 'https://account.withings.com',
  authorizationEndpoint: 'https://account.withings.com/oauth2_user/authorize2',
  tokenEndpoint: tokenUrl,
  scopes: ['user.info', 'user.metrics', 'user.activity'],
  scopeSeparator: ',',
  accountField: 'userid',
};

/** An answer of the service; `status` is null where it is not in the service's form. */
interface ServiceAnswer {
  readonly response: Response;
  readonly members: Members;
  readonly status: number | null;
  readonly body: Members;
  readonly error: string;
}

/** A call without a whole answer, with the members that had arrived. */
interface BrokenCall extends CallFailure {
  readonly received: Members;
}

/** Statuses that leave open what the service has done: a timeout, a bad state, and errors without a known reason. */
const unsureStatuses = new Set([522, 524, 2_554, 2_555]);
const tooManyRequests = 601;
/** In the error text, where the code or the refresh token is unknown; several statuses come with it. */
const unknownGrant =
  /invalid[ _](code|(refresh[ _]?)?token|grant)|refresh[ _]?token (is )?(invalid|expired|revoked)/i;
/** In the error text, where the service does not know this client: the same for every grant. */
const wrongClient = /invalid[ _]client/i;

export function createWithingsProvider({
  credentials,
  http,
  clock,
}: Omit<OAuthProviderParts, 'description'>): Provider {
  const { clientId, clientSecret } = credentials;
  const { name, title, usesPkce, endsReusedGrants, issuer, accountField } = withingsDescription;

  /** Calls the service; a failure where there was no answer, or where it broke off. */
  async function call(url: string, parameters: Record<string, string>): Promise<ServiceAnswer | BrokenCall> {
    try {
      const body = new URLSearchParams(parameters);
      const response = await http.fetch(url, { method: 'POST', body, signal: http.deadline() });
      const members = await readMembers(response);
      const { status, body: inner, error } = members;
      const isStatus = response.ok && /^\d{1,5}$/.test(String(status));
      return {
        response,
        members,
        status: isStatus ? Number(status) : null,
        body: membersOf(inner),
        error: String(error ?? ''),
      };
    } catch (error) {
      const received = error instanceof BrokenBody ? await readMembers(error.received) : {};
      return { ...failureOf(error), received };
    }
  }

  async function requestTokens(
    parameters: Record<string, string>,
    before: TokenGrant | null,
  ): Promise<TokenAnswer> {
    const answer = await call(tokenUrl, {
      action: 'requesttoken',
      client_id: clientId,
      client_secret: clientSecret,
      ...parameters,
    });
    const isBroken = 'reason' in answer;
    // A status beside a token is not trusted: a token that was given is never dropped.
    const members = isBroken ? answer.received : answer.members;
    const tokens = readTokens(members, { accountField, before, now: clock.now() });
    const isSuccess = !isBroken && answer.status === 0;
    if (tokens !== null && (isSuccess || tokens.accessToken !== (before?.accessToken ?? ''))) {
      return { kind: 'tokens', grant: { ...tokens, clientId } };
    }
    if (isBroken) return { kind: answer.isUnsent ? 'not_given' : 'unknown', reason: answer.reason };
    const { response, status, error } = answer;
    if (status === null) return refusalOf(response, members);
    const reason = `withings_${status}`;
    if (status === 0) return { kind: 'unknown', reason: 'malformed', isUnreadable: true };
    if (wrongClient.test(error)) return { kind: 'not_given', reason };
    if (unknownGrant.test(error) || meaningOf(members)?.kind === 'unknown_grant') return { kind: 'gone' };
    if (status === tooManyRequests) return { kind: 'not_given', reason, isBusy: true };
    return { kind: unsureStatuses.has(status) ? 'unknown' : 'refused', reason };
  }

  /** Signs the values, joined by commas in the order of their names. */
  function sign(parameters: Record<string, string>): string {
    const names = Object.keys(parameters).sort();
    const text = names.map((each) => parameters[each]).join(',');
    return createHmac('sha256', clientSecret).update(text).digest('hex');
  }

  async function getNonce(): Promise<string | EndAnswer> {
    const signed = {
      action: 'getnonce',
      client_id: clientId,
      timestamp: String(Math.floor(clock.now() / secondMs)),
    };
    const answer = await call(signatureUrl, { ...signed, signature: sign(signed) });
    if ('reason' in answer) return { kind: 'try_again', reason: answer.reason };
    const { nonce } = answer.body;
    return answer.status === 0 && typeof nonce === 'string' ? nonce : failed(answer);
  }

  return {
    name,
    title,
    clientId,
    usesPkce,
    endsReusedGrants,
    endsWholeConsent: true,
    authorizationUrl: (request) => authorizationUrl(withingsDescription, clientId, request),
    readCallback: (parameters, state) => readCallback({ issuer }, { client_id: clientId }, parameters, state),
    exchange: ({ code, redirectUri }) =>
      requestTokens({ grant_type: 'authorization_code', code, redirect_uri: redirectUri }, null),
    async refresh(grant) {
      const { refreshToken } = grant;
      if (refreshToken === null) return { kind: 'not_given', reason: 'no_refresh_token' };
      return requestTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }, grant);
    },
    async end({ account }) {
      if (account === null) return { kind: 'try_again', reason: 'no_account' };
      const nonce = await getNonce();
      if (typeof nonce !== 'string') return nonce;
      const signed = { action: 'revoke', client_id: clientId, nonce };
      const answer = await call(tokenUrl, { ...signed, signature: sign(signed), userid: account });
      if ('reason' in answer) return { kind: 'try_again', reason: answer.reason };
      if (answer.status === 0) return { kind: 'ended', outcome: 'revoked', covers: 'grant' };
      // No documented status says that the person has ended the access there: the refresh token must show it.
      return isRefused(answer) ? { kind: 'stale', reason: `withings_${answer.status}` } : failed(answer);
    },
  };
}

function failed({ response, status }: ServiceAnswer): EndAnswer {
  if (status === null) return { kind: 'try_again', reason: reasonOf(response), ...retryAfterOf(response) };
  const retryAfter = status === tooManyRequests ? { retryAfterMs: 60 * secondMs } : {};
  return { kind: 'try_again', reason: `withings_${status}`, ...retryAfter };
}

/** Whether the service certainly refused the call, and not because it is busy. */
function isRefused({ status }: ServiceAnswer): boolean {
  return status !== null && status !== tooManyRequests && !unsureStatuses.has(status);
}
