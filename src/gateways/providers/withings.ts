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
import type { OAuthProviderParts } from './oauth-party.ts';
import { authorizationUrl, readCallback } from './oauth-provider.ts';
import {
  type CallFailure,
  failureOf,
  type Members,
  membersOf,
  readMembers,
  reasonOf,
} from './provider-http.ts';

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

type ServiceAnswer = { readonly status: number; readonly body: Members; readonly error: string };

/** Statuses with which the service refuses before it does anything: authentication, parameters, too many requests. */
const refusedStatuses = new Set([100, 101, 102, 200, 401, 503, 601]);
const tooManyRequests = 601;

export function createWithingsProvider({
  credentials,
  http,
  clock,
}: Omit<OAuthProviderParts, 'description'>): Provider {
  const { clientId, clientSecret } = credentials;
  const { name, title, usesPkce, endsReusedGrants, issuer } = withingsDescription;

  /** Calls the service; a failure where there was no answer in its form. */
  async function call(url: string, parameters: Record<string, string>): Promise<ServiceAnswer | CallFailure> {
    try {
      const body = new URLSearchParams(parameters);
      const response = await http.fetch(url, { method: 'POST', body, signal: http.deadline() });
      const { status, body: members, error } = await readMembers(response);
      if (!response.ok || typeof status !== 'number') return { reason: reasonOf(response), isUnsent: false };
      return { status, body: membersOf(members), error: String(error ?? '') };
    } catch (error) {
      return failureOf(error);
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
    if ('reason' in answer) return { kind: answer.isUnsent ? 'not_given' : 'unknown', reason: answer.reason };
    if (answer.status === 0) {
      const grant = grantOf(answer.body, before);
      return grant === null ? { kind: 'unknown', reason: 'malformed' } : { kind: 'tokens', grant };
    }
    if (answer.status === 503 && /invalid (code|refresh[ _]?token)/i.test(answer.error))
      return { kind: 'gone' };
    const isRefused = refusedStatuses.has(answer.status);
    return { kind: isRefused ? 'not_given' : 'unknown', reason: `withings_${answer.status}` };
  }

  function grantOf(body: Members, before: TokenGrant | null): TokenGrant | null {
    const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, userid } = body;
    if (typeof accessToken !== 'string') return null;
    return {
      kind: 'tokens',
      clientId,
      accessToken,
      refreshToken: typeof refreshToken === 'string' ? refreshToken : (before?.refreshToken ?? null),
      expiresAt: typeof expiresIn === 'number' ? clock.now() + Math.floor(expiresIn * secondMs) : null,
      account: userid === undefined ? (before?.account ?? null) : String(userid),
    };
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
      return answer.status === 0 ? { kind: 'ended', outcome: 'revoked', covers: 'grant' } : failed(answer);
    },
  };
}

function failed({ status }: ServiceAnswer): EndAnswer {
  const retryAfter = status === tooManyRequests ? { retryAfterMs: 60 * secondMs } : {};
  return { kind: 'try_again', reason: `withings_${status}`, ...retryAfter };
}
