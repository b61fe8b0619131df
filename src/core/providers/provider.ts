/**
 * The port to a provider of device data: an OAuth 2.0 service that people are sent to, that gives grants, refreshes
 * and ends them. A gateway speaks to one service and keeps nothing; what is written down, when to try again, and
 * what an answer means for a connection are the core's decisions.
 *
 * No call rejects for anything that a service or a network can do, and each ends within `providerDeadlineMs`.
 * `reason` is a short code such as `timeout` or `http_503`; it never holds anything that the service said in words.
 */
import type { CodeGrant, TokenGrant } from './grant.ts';

export interface Provider {
  /** Lower-case; what callers say. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly clientId: string;
  readonly usesPkce: boolean;
  /**
   * Whether the service ends a grant when its code or a spent refresh token comes a second time (RFC 6749, section
   * 4.1.2; RFC 9700, section 4.14.2). Then a lost reply can be made good by sending the same again.
   */
  readonly endsReusedGrants: boolean;
  /** Where to send the person. */
  authorizationUrl(request: AuthorizationRequest): string;
  /** Reads what the person came back with: parameters of the callback, with the issuer checked (RFC 9207). */
  readCallback(parameters: URLSearchParams, state: string): CallbackReading;
  /** Turns a code into tokens. */
  exchange(grant: CodeGrant): Promise<TokenAnswer>;
  /** Turns a refresh token into new tokens. */
  refresh(grant: TokenGrant): Promise<TokenAnswer>;
  /** Tells the service that access ends. */
  end(grant: TokenGrant): Promise<EndAnswer>;
}

export interface AuthorizationRequest {
  readonly state: string;
  /** S256 of the verifier; null without PKCE. */
  readonly challenge: string | null;
  readonly redirectUri: string;
}

export type CallbackReading =
  | { readonly kind: 'code'; readonly code: string }
  /** The person said no. */
  | { readonly kind: 'denied' }
  /** The service could not or would not let the person decide. */
  | { readonly kind: 'failed' }
  /** It is not from this service, or is no callback at all. */
  | { readonly kind: 'foreign' };

export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly grant: TokenGrant }
  /** The service knows no such code or refresh token (`invalid_grant`). */
  | { readonly kind: 'gone' }
  /** It is certain that nothing was given: the service said no, or was never reached. */
  | { readonly kind: 'not_given'; readonly reason: string; readonly retryAfterMs?: number }
  /** Something may have been given and lost on its way. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly retryAfterMs?: number };

export type EndAnswer =
  /**
   * The service's own word that something opens nothing any more: the `access` token alone, all of these `tokens`,
   * or the whole `grant`, whatever newer tokens it may have led to.
   */
  | {
      readonly kind: 'ended';
      readonly outcome: 'revoked' | 'inactive' | 'unknown_grant';
      readonly covers: 'access' | 'tokens' | 'grant';
    }
  /** The service wants an access token that still works, and this one does not. */
  | { readonly kind: 'stale'; readonly reason: string }
  | { readonly kind: 'try_again'; readonly reason: string; readonly retryAfterMs?: number };

/** The providers that are switched on. */
export interface ProviderDirectory {
  /** By title. */
  list(): readonly Provider[];
  find(name: string): Provider | null;
  /** The address of the callback, as registered with every provider. */
  readonly redirectUri: string;
}

/** The longest that one method of a gateway may take; well below the leases. */
export const providerDeadlineMs = 15_000;
