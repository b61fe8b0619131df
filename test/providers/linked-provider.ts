/**
 * The description of the tests' authorization server, as Roster uses it. Processes that are started many times to be
 * killed load this and not the server.
 */
import type { ProviderDirectory } from '../../src/core/providers/provider.ts';
import { commonDescription } from '../../src/core/providers/provider-description.ts';
import type { Clock } from '../../src/core/time.ts';
import { createProviderDirectory } from '../../src/gateways/provider-directory.ts';
import { createProviderHttp, type ProviderHttp } from '../../src/gateways/providers/provider-http.ts';

export const providerName = 'acme';
/** Roster as a client of the server. */
export const redirectUri = 'http://localhost:8080/connect/callback';
export const clientId = 'roster-under-test';
export const clientSecret = 'a-client-secret-under-test';

export interface LinkOptions {
  /** The address of the authorization server, and the address that Roster calls: that of the fault proxy. */
  readonly serverUrl: string;
  readonly proxyUrl: string;
  readonly clock: Clock;
  readonly http?: ProviderHttp;
  /** False: Roster does not know that the server ends reused grants. */
  readonly endsReusedGrants?: boolean;
  /** False: there is no introspection. */
  readonly isIntrospected?: boolean;
}

/** A directory of the one provider. */
export function linkProvider(options: LinkOptions): ProviderDirectory {
  const { serverUrl, proxyUrl, clock, endsReusedGrants = true, isIntrospected = true } = options;
  const http = options.http ?? createProviderHttp({ isInsecureAllowed: true });
  const description = {
    ...commonDescription,
    name: providerName,
    title: 'Acme',
    issuer: serverUrl,
    sendsIssuer: true,
    authorizationEndpoint: `${serverUrl}/auth`,
    tokenEndpoint: `${proxyUrl}/token`,
    clientAuthentication: 'basic',
    introspectionEndpoint: isIntrospected ? `${proxyUrl}/token/introspection` : null,
    scopes: ['activity', 'offline_access'],
    usesPkce: true,
    authorizationParameters: { prompt: 'consent' },
    endsReusedGrants,
    end: { kind: 'rfc7009', endpoint: `${proxyUrl}/token/revocation`, clientAuthentication: 'basic' },
  } as const;
  return createProviderDirectory({
    presets: [],
    own: [{ description, credentials: { clientId, clientSecret } }],
    demo: null,
    redirectUri: () => redirectUri,
    isProduction: false,
    clock,
    http,
  });
}
