/**
 * A provider as data, which is enough for a provider that follows OAuth 2.0. A provider that departs from it has a
 * gateway of its own beside its description.
 */

/** How the client authenticates at an endpoint (RFC 6749, section 2.3.1): by HTTP Basic, or in the body. */
export type ClientAuthentication = 'basic' | 'post';

/** How Roster notifies the provider that access ends. */
export type EndDescription =
  /** A revocation endpoint of RFC 7009. */
  | {
      readonly kind: 'rfc7009';
      readonly endpoint: string;
      readonly clientAuthentication: ClientAuthentication;
      /** Whether the provider documents that revoking one token of a grant revokes all its tokens. */
      readonly endsAllTokens?: boolean;
    }
  /** A call of the provider's own with the access token. `{account}` in the URL is the person's id at the provider. */
  | {
      readonly kind: 'call';
      readonly method: 'POST' | 'DELETE';
      readonly url: string;
      /** The token in the header `Authorization`, or in the query parameter of that name. */
      readonly token: 'bearer' | { readonly parameter: string };
      /** The statuses that the provider documents as success; every 2xx where absent. */
      readonly success?: readonly number[];
      /** What a success has ended: the whole grant of the person, or only the access token. */
      readonly covers: 'grant' | 'access';
    };

/**
 * A part of the body of an answer. A body has this form where it has all these members; a list in the form asks for
 * elements that the list of the body must have, in any order.
 */
export type BodyForm =
  | string
  | number
  | boolean
  | null
  | readonly BodyForm[]
  | { readonly [member: string]: BodyForm };

/**
 * Which bodies of a provider's own mean what, beside the error codes of OAuth that every provider may send. They count
 * with every status.
 */
export interface AnswerForms {
  /** Of the token endpoint: the code or the refresh token is unknown. */
  readonly gone: readonly BodyForm[];
  /** Of the token endpoint: nothing was given for a reason that says nothing about the grant, such as a wrong secret. */
  readonly notGiven: readonly BodyForm[];
  /** Of the call that ends access: the token is unknown. */
  readonly noSuchToken: readonly BodyForm[];
}

export interface ProviderDescription {
  /** Lower-case; the name in requests and answers. */
  readonly name: string;
  /** The name that people read. */
  readonly title: string;
  /** The issuer's identifier, which `iss` in the callback must equal (RFC 9207). */
  readonly issuer: string;
  /** Whether the provider always sends `iss`: a callback without it is then refused. */
  readonly sendsIssuer: boolean;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientAuthentication: ClientAuthentication;
  /** RFC 7662; null where this client may not use one. */
  readonly introspectionEndpoint: string | null;
  readonly scopes: readonly string[];
  readonly scopeSeparator: ' ' | ',';
  readonly usesPkce: boolean;
  /** Further parameters of the authorization request. */
  readonly authorizationParameters: Readonly<Record<string, string>>;
  /**
   * The member of the token answer with the person's id at the provider, with dots between the names of members inside each
   * other; null where it says none.
   */
  readonly accountField: string | null;
  /** See `Provider.endsReusedGrants`. */
  readonly endsReusedGrants: boolean;
  /** Absent where the provider sends the error codes of OAuth alone. */
  readonly answers?: AnswerForms;
  readonly end: EndDescription;
}

/** The values that most providers share. */
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

/** The client id and secret of this deployment at a provider. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The providers that Roster has descriptions of. Settings and `gateways/providers/presets.ts` follow from this list; the
 * compiler asks for the description of a new name.
 */
export const presetNames = ['fitbit', 'garmin', 'oura', 'polar', 'strava', 'whoop', 'withings'] as const;
export type PresetName = (typeof presetNames)[number];

/** The name of the demo provider, which is for development. */
export const demoName = 'demo';

/** A provider that the deployment describes in its own file, with its client. */
export interface OwnProvider {
  readonly description: ProviderDescription;
  readonly credentials: ClientCredentials;
}
