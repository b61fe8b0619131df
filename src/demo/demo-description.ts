/**
 * The description of the demo provider, in the form of any other provider. It runs on this server: people reach it at
 * the public address, and the server itself at the address where it listens.
 */
import { randomBytes } from 'node:crypto';
import {
  type ClientCredentials,
  commonDescription,
  demoName,
  type OwnProvider,
} from '../core/providers/provider-description.ts';

export const demoPath = '/demo-provider';
export const demoScopes = ['activity', 'sleep', 'offline_access'] as const;

export interface DemoAddresses {
  /** The address at which people reach this server. */
  readonly publicUrl: string;
  /** The address at which this server reaches itself. */
  readonly localUrl: string;
}

/** The client of the demo provider, with a secret that is valid while the process runs. */
export function createDemoClient(): ClientCredentials {
  return { clientId: 'roster', clientSecret: randomBytes(32).toString('base64url') };
}

/** The demo provider at these addresses. */
export function describeDemo(
  { publicUrl, localUrl }: DemoAddresses,
  credentials: ClientCredentials,
): OwnProvider {
  const issuer = `${publicUrl}${demoPath}`;
  const inside = `${localUrl}${demoPath}`;
  return {
    description: {
      ...commonDescription,
      name: demoName,
      title: 'Demo',
      issuer,
      sendsIssuer: true,
      authorizationEndpoint: `${issuer}/auth`,
      tokenEndpoint: `${inside}/token`,
      clientAuthentication: 'basic',
      introspectionEndpoint: `${inside}/token/introspection`,
      scopes: demoScopes,
      usesPkce: true,
      // The page is shown each time, also to a person who has allowed access before.
      authorizationParameters: { prompt: 'consent' },
      accountField: 'sub',
      endsReusedGrants: true,
      end: {
        kind: 'rfc7009',
        endpoint: `${inside}/token/revocation`,
        clientAuthentication: 'basic',
      },
    },
    credentials,
  };
}
