/** A service and its client in the terms of the OAuth library. */
import * as oauth from 'oauth4webapi';
import type {
  ClientAuthentication,
  ClientCredentials,
  ProviderDescription,
} from '../../core/providers/provider-description.ts';
import type { Clock } from '../../core/time.ts';
import type { ProviderHttp } from './provider-http.ts';

export interface OAuthProviderParts {
  readonly description: ProviderDescription;
  readonly credentials: ClientCredentials;
  readonly http: ProviderHttp;
  readonly clock: Clock;
}

/** The arguments of the library's functions. */
export interface OAuthParty {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  authentication(method: ClientAuthentication): oauth.ClientAuth;
  options(signal: AbortSignal): {
    readonly signal: AbortSignal;
    readonly [oauth.customFetch]: typeof fetch;
    readonly [oauth.allowInsecureRequests]: boolean;
  };
}

export function partyOf({ description, credentials, http }: OAuthProviderParts): OAuthParty {
  const { end, introspectionEndpoint } = description;
  return {
    server: {
      issuer: description.issuer,
      authorization_response_iss_parameter_supported: description.sendsIssuer,
      authorization_endpoint: description.authorizationEndpoint,
      token_endpoint: description.tokenEndpoint,
      ...(end.kind === 'rfc7009' ? { revocation_endpoint: end.endpoint } : {}),
      ...(introspectionEndpoint === null ? {} : { introspection_endpoint: introspectionEndpoint }),
    },
    client: { client_id: credentials.clientId },
    authentication: (method) =>
      method === 'basic'
        ? basicAuthentication(credentials)
        : oauth.ClientSecretPost(credentials.clientSecret),
    options: (signal) => ({
      signal,
      [oauth.customFetch]: (url, init) => http.fetch(String(url), init ?? {}),
      [oauth.allowInsecureRequests]: http.isInsecureAllowed,
    }),
  };
}

/**
 * HTTP Basic (RFC 6749, section 2.3.1). The library's own function also escapes characters that the form encoding leaves,
 * such as the dashes of an id. Services that do not decode would then refuse the client.
 */
function basicAuthentication({ clientId, clientSecret }: ClientCredentials): oauth.ClientAuth {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  const credentials = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`);
}
