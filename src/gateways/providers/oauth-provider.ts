/**
 * A provider that speaks OAuth 2.0, from its description. The client library makes the requests. The answers are read
 * here, because the library refuses every answer that departs from the standard, and a token in it would be lost while
 * it is valid. A token that may have been given never counts as not given, and an end is reported only when the service
 * confirms it.
 */
import * as oauth from 'oauth4webapi';
import type { CodeGrant, TokenGrant } from '../../core/providers/grant.ts';
import type { Provider, TokenAnswer } from '../../core/providers/provider.ts';
import type { ProviderDescription } from '../../core/providers/provider-description.ts';
import { type Members, readMembers } from './answer-body.ts';
import { type OAuthProviderParts, partyOf } from './oauth-party.ts';
import { BrokenBody, failureOf } from './provider-http.ts';
import { saysError } from './refusal-codes.ts';
import { readTokens } from './token-body.ts';
import { createTokenEnd } from './token-end.ts';
import { refusalOf } from './token-refusal.ts';

export function createOAuthProvider(parts: OAuthProviderParts): Provider {
  const { description, credentials, http, clock } = parts;
  const { name, title, usesPkce, endsReusedGrants, accountField } = description;
  const { clientId } = credentials;
  const party = partyOf(parts);
  const { server, client } = party;
  const authentication = party.authentication(description.clientAuthentication);
  const end = createTokenEnd(parts, party);

  /** Calls the token endpoint. `before` has the values that the answer to a refresh may omit. */
  async function requestTokens(
    send: (signal: AbortSignal) => Promise<Response>,
    before: TokenGrant | null,
  ): Promise<TokenAnswer> {
    try {
      const response = await send(http.deadline());
      const { grant, body } = await readGrant(response, before);
      return grant === null ? refusalOf(response, body, description.answers) : { kind: 'tokens', grant };
    } catch (error) {
      // Tokens that arrived before the connection broke are kept.
      const { grant } =
        error instanceof BrokenBody ? await readGrant(error.received, before) : { grant: null };
      if (grant !== null) return { kind: 'tokens', grant };
      const { reason, isUnsent } = failureOf(error);
      return { kind: isUnsent ? 'not_given' : 'unknown', reason };
    }
  }

  async function readGrant(
    response: Response,
    before: TokenGrant | null,
  ): Promise<{ readonly grant: TokenGrant | null; readonly body: Members }> {
    const body = await readMembers(response);
    const tokens = readTokens(body, { accountField, before, now: clock.now() });
    const isKept = tokens !== null && isGiven(response, body, tokens, before);
    return { grant: isKept ? { ...tokens, clientId } : null, body };
  }

  return {
    name,
    title,
    clientId,
    usesPkce,
    endsReusedGrants,
    endsWholeConsent: description.end.kind === 'call' && description.end.covers === 'grant',
    authorizationUrl: (request) => authorizationUrl(description, clientId, request),
    readCallback(parameters, state) {
      return readCallback(server, client, parameters, state);
    },
    exchange(grant: CodeGrant) {
      return requestTokens(
        (signal) =>
          oauth.authorizationCodeGrantRequest(
            server,
            client,
            authentication,
            callbackOf(server, client, grant.code),
            grant.redirectUri,
            grant.verifier ?? oauth.nopkce,
            party.options(signal),
          ),
        null,
      );
    },
    refresh(grant) {
      const { refreshToken } = grant;
      if (refreshToken === null) return Promise.resolve({ kind: 'not_given', reason: 'no_refresh_token' });
      return requestTokens(
        (signal) =>
          oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, party.options(signal)),
        grant,
      );
    },
    end,
  };
}

/**
 * Whether the answer gives the tokens in it. An error may repeat the former ones; a new access token is never dropped,
 * whatever is around it. What a failed answer says under `refresh_token` may be a sentence about it.
 */
function isGiven(
  response: Response,
  body: Members,
  { accessToken, refreshToken }: Pick<TokenGrant, 'accessToken' | 'refreshToken'>,
  before: TokenGrant | null,
): boolean {
  if (accessToken !== (before?.accessToken ?? '')) return true;
  return response.ok && (refreshToken !== (before?.refreshToken ?? null) || !saysError(body));
}

/** The address of the authorization request (RFC 6749, section 4.1.1). */
export function authorizationUrl(
  description: Omit<ProviderDescription, 'end'>,
  clientId: string,
  request: { readonly state: string; readonly challenge: string | null; readonly redirectUri: string },
): string {
  const url = new URL(description.authorizationEndpoint);
  const { scopes, scopeSeparator, authorizationParameters } = description;
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: request.redirectUri,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(scopeSeparator) }),
    state: request.state,
    ...(request.challenge === null
      ? {}
      : { code_challenge: request.challenge, code_challenge_method: 'S256' }),
    ...authorizationParameters,
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Reads a callback: RFC 9207 for `iss`, RFC 6749, section 4.1.2 for the rest. */
export function readCallback(
  server: oauth.AuthorizationServer,
  client: oauth.Client,
  parameters: URLSearchParams,
  state: string,
): ReturnType<Provider['readCallback']> {
  try {
    const code = oauth.validateAuthResponse(server, client, parameters, state).get('code');
    return code === null || code === '' ? { kind: 'foreign' } : { kind: 'code', code };
  } catch (error) {
    if (!(error instanceof oauth.AuthorizationResponseError)) return { kind: 'foreign' };
    return { kind: error.error === 'access_denied' ? 'denied' : 'failed' };
  }
}

/** The library accepts a code only in a callback. State and issuer were checked when the real callback came. */
function callbackOf(server: oauth.AuthorizationServer, client: oauth.Client, code: string): URLSearchParams {
  const { authorization_response_iss_parameter_supported: _, ...silent } = server;
  return oauth.validateAuthResponse(silent, client, new URLSearchParams({ code }), oauth.expectNoState);
}
