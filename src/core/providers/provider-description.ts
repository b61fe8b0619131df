/**
 * What is to be known of a provider, as data: enough for everybody who speaks OAuth 2.0 as it is written. A provider
 * that departs from it has an adapter of its own beside its description.
 */

/** How the client proves itself at an endpoint (RFC 6749, section 2.3.1): by HTTP Basic, or in the body. */
export type ClientAuthentication = 'basic' | 'post';

/** How the provider is told that access ends. */
export type EndDescription =
  /** A revocation endpoint of RFC 7009. */
  | {
      readonly kind: 'rfc7009';
      readonly endpoint: string;
      readonly clientAuthentication: ClientAuthentication;
      /** Whether the provider documents that any token of a grant takes all others with it. */
      readonly endsAllTokens?: boolean;
      /** Errors by which the provider says, in the place of 200, that it knows no such token. */
      readonly goneErrors?: readonly string[];
    }
  /** A call of the provider's own that takes the access token. `{account}` in the URL is the person's id there. */
  | {
      readonly kind: 'call';
      readonly method: 'POST' | 'DELETE';
      readonly url: string;
      /** In the header `Authorization`, or as the query parameter of that name. */
      readonly token: 'bearer' | { readonly parameter: string };
      /** The statuses that the provider documents as success. */
      readonly success: readonly number[];
      /** What has ended then: all that the person granted, or the access token alone. */
      readonly covers: 'grant' | 'access';
    };

export interface ProviderDescription {
  /** Lower-case; what callers say. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  /** The issuer's identifier, which `iss` in the callback must be (RFC 9207). */
  readonly issuer: string;
  /** Whether the provider always sends `iss`: without it a callback is not its own. */
  readonly sendsIssuer: boolean;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientAuthentication: ClientAuthentication;
  /** RFC 7662; null where there is none for us. */
  readonly introspectionEndpoint: string | null;
  readonly scopes: readonly string[];
  readonly scopeSeparator: ' ' | ',';
  readonly usesPkce: boolean;
  /** Further parameters of the authorization request. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /** The member of the token answer that is the person's id there; null where no call needs it. */
  readonly accountField: string | null;
  /** See `Provider.endsReusedGrants`. */
  readonly endsReusedGrants: boolean;
  readonly end: EndDescription;
}

/** What most providers have in common. */
export const commonDescription = {
  sendsIssuer: false,
  clientAuthentication: 'post',
  introspectionEndpoint: null,
  scopeSeparator: ' ',
  usesPkce: false,
  authorizationParameters: {},
  accountField: null,
  endsReusedGrants: false,
} as const satisfies Partial<ProviderDescription>;

/** The client that a provider knows this deployment as. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** The names of the providers that Roster brings descriptions of. */
export const presetNames = ['fitbit', 'garmin', 'oura', 'polar', 'strava', 'whoop', 'withings'] as const;
export type PresetName = (typeof presetNames)[number];

/** The name of the provider that plays one, in development. */
export const demoName = 'demo';

/** A provider that a deployment describes itself, with its client. */
export interface OwnProvider {
  readonly description: ProviderDescription;
  readonly credentials: ClientCredentials;
}
