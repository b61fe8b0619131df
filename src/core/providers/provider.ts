/**
 * The port to a provider of device data: an OAuth 2.0 service that people are sent to and that gives, refreshes and
 * ends grants. A gateway calls one service and stores nothing; the core decides what is stored, when to retry, and what
 * an answer means for a connection.
 *
 * No method rejects because of the service or the network, and each ends within `providerDeadlineMs`. `reason` is a
 * short code such as `timeout` or `http_503`; it never holds a text of the service.
 */
import type { CodeGrant, TokenGrant } from './grant.ts';
import type { ProviderMark } from './provider-mark.ts';

export interface Provider {
  /** Lower-case; the name in requests and answers. */
  readonly name: string;
  /** The name that people read. */
  readonly title: string;
  readonly clientId: string;
  readonly usesPkce: boolean;
  /**
   * Whether the service ends a grant when its code or a spent refresh token comes a second time (RFC 6749, section
   * 4.1.2; RFC 9700, section 4.14.2). Then, after a lost answer, sending the same again ends all tokens of the grant.
   */
  readonly endsReusedGrants: boolean;
  /**
   * Whether the end of one grant ends the person's whole consent to this client, with all other grants. The call of the
   * service names the person then, not a token.
   */
  readonly endsWholeConsent: boolean;
  /** The address to send the person to. */
  authorizationUrl(request: AuthorizationRequest): string;
  /** Reads the parameters of the callback and checks their issuer (RFC 9207). */
  readCallback(parameters: URLSearchParams, state: string): ParsedCallback;
  /** Exchanges a code for tokens. */
  exchange(grant: CodeGrant): Promise<TokenAnswer>;
  /** Exchanges a refresh token for new tokens. */
  refresh(grant: TokenGrant): Promise<TokenAnswer>;
  /** Asks the service to end access. */
  end(grant: TokenGrant): Promise<EndAnswer>;
}

export interface AuthorizationRequest {
  readonly state: string;
  /** The S256 challenge of the verifier; null without PKCE. */
  readonly challenge: string | null;
  readonly redirectUri: string;
}

export type ParsedCallback =
  | { readonly kind: 'code'; readonly code: string }
  /** The person refused access. */
  | { readonly kind: 'denied' }
  /** The service did not let the person decide. */
  | { readonly kind: 'failed' }
  /** The callback is not from this service, or is malformed. */
  | { readonly kind: 'foreign' };

export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly grant: TokenGrant }
  /** The service knows no such code or refresh token (`invalid_grant`). */
  | { readonly kind: 'gone' }
  /** The service refused and gave nothing. Whether it knows the code or the refresh token, it does not say. */
  | { readonly kind: 'refused'; readonly reason: string; readonly retryAfterMs?: number }
  /** Certainly nothing was given, for a reason that says nothing about the grant. */
  | {
      readonly kind: 'not_given';
      readonly reason: string;
      readonly retryAfterMs?: number;
      /** The service is busy: the same request may succeed soon. */
      readonly isBusy?: true;
    }
  /** Tokens may have been given, and their answer lost. */
  | {
      readonly kind: 'unknown';
      readonly reason: string;
      readonly retryAfterMs?: number;
      /** The service answered something else than tokens or an error, such as a web page or a redirect. */
      readonly isUnreadable?: true;
    };

export type EndAnswer =
  /**
   * The service has confirmed the end of the `access` token alone, of all these `tokens`, or of the whole `grant` with
   * any newer tokens of it.
   */
  | {
      readonly kind: 'ended';
      readonly outcome: 'revoked' | 'inactive' | 'unknown_grant';
      readonly covers: 'access' | 'tokens' | 'grant';
    }
  /** The service needs a valid access token, and this one has expired. */
  | { readonly kind: 'stale'; readonly reason: string }
  | { readonly kind: 'try_again'; readonly reason: string; readonly retryAfterMs?: number };

/** The providers that are switched on. */
export interface ProviderDirectory {
  /** By title. */
  list(): readonly Provider[];
  find(name: string): Provider | null;
  /** Null for a provider without a mark. */
  findMark(name: string): ProviderMark | null;
  /** The address of the callback, as it is registered at every provider. */
  readonly redirectUri: string;
}

/** The longest that one method of a gateway may take; well below the leases. */
export const providerDeadlineMs = 15_000;
