/**
 * Withings departs from OAuth 2.0 at the token endpoint: one address for everything, the work named by `action`, every
 * answer 200 with the real status in the body, and the members of the answer one level down. Access ends by a call
 * for a user's id that is signed with a nonce (HMAC-SHA-256 under the client secret) and needs no token.
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
import { type CallFailure, failureOf, readMembers, reasonOf } from './provider-http.ts';

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

type Members = Readonly<Record<string, unknown>>;
type Said = { readonly status: number; readonly body: Members; readonly error: string };

/** Statuses by which the service says no before it does anything: authentication, parameters, too many requests. */
const refusedStatuses = new Set([100, 101, 102, 200, 401, 503, 601]);
const tooManyRequests = 601;

export function createWithingsProvider({
  credentials,
  http,
  clock,
}: Omit<OAuthProviderParts, 'description'>): Provider {
  const { clientId, clientSecret } = credentials;
  const { name, title, usesPkce, endsReusedGrants, issuer } = withingsDescription;

  /** What the service says; a failure where it said nothing that could be understood. */
  async function say(url: string, parameters: Record<string, string>): Promise<Said | CallFailure> {
    try {
      const body = new URLSearchParams(parameters);
      const response = await http.fetch(url, { method: 'POST', body, signal: http.deadline() });
      const { status, body: members, error } = await readMembers(response);
      if (!response.ok || typeof status !== 'number') return { reason: reasonOf(response), isUnsent: false };
      return { status, body: isMembers(members) ? members : {}, error: String(error ?? '') };
    } catch (error) {
      return failureOf(error);
    }
  }

  async function requestTokens(
    parameters: Record<string, string>,
    before: TokenGrant | null,
  ): Promise<TokenAnswer> {
    const said = await say(tokenUrl, {
      action: 'requesttoken',
      client_id: clientId,
      client_secret: clientSecret,
      ...parameters,
    });
    if ('reason' in said) return { kind: said.isUnsent ? 'not_given' : 'unknown', reason: said.reason };
    if (said.status === 0) {
      const grant = grantOf(said.body, before);
      return grant === null ? { kind: 'unknown', reason: 'malformed' } : { kind: 'tokens', grant };
    }
    if (said.status === 503 && /invalid (code|refresh[ _]?token)/i.test(said.error)) return { kind: 'gone' };
    const isRefused = refusedStatuses.has(said.status);
    return { kind: isRefused ? 'not_given' : 'unknown', reason: `withings_${said.status}` };
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

  /** The values in the order of their names, joined by commas. */
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
    const said = await say(signatureUrl, { ...signed, signature: sign(signed) });
    if ('reason' in said) return { kind: 'try_again', reason: said.reason };
    const { nonce } = said.body;
    return said.status === 0 && typeof nonce === 'string' ? nonce : failed(said);
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
      const said = await say(tokenUrl, { ...signed, signature: sign(signed), userid: account });
      if ('reason' in said) return { kind: 'try_again', reason: said.reason };
      return said.status === 0 ? { kind: 'ended', outcome: 'revoked', covers: 'grant' } : failed(said);
    },
  };
}

function failed({ status }: Said): EndAnswer {
  const retryAfter = status === tooManyRequests ? { retryAfterMs: 60 * secondMs } : {};
  return { kind: 'try_again', reason: `withings_${status}`, ...retryAfter };
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
