/** The settings of the HTTP server, and their defaults. */

export interface HttpSettings {
  /** Whether a host such as `sonar.example.com` reaches a contract by its first label. */
  readonly isHostRouted: boolean;
  /** Whether the server has the reference page. */
  readonly hasReference: boolean;
  /** Whether answers tell browsers to use https only for this host (HSTS, RFC 6797). */
  readonly isHttpsOnly: boolean;
  /** Origins whose pages may call from a browser, as browsers write them; `*` is every origin. */
  readonly corsOrigins: readonly string[];
  /** Addresses and CIDR blocks of proxies whose `X-Forwarded-For` the server trusts. */
  readonly trustedProxies: readonly string[];
  /** The number of requests in flight, without those that wait for their turn; more are refused with `unavailable`. */
  readonly requestsInFlightMax: number;
  /** The number of answers in pieces that are sent at the same time; more wait. */
  readonly streamsMax: number;
  /** How long a request may take to arrive, headers and body. */
  readonly bodyTimeoutMs: number;
  /** How long a connection may be idle between two requests. Longer than a proxy's own limit, so that the proxy closes first. */
  readonly keepAliveTimeoutMs: number;
  /** How long the reader of a long answer may take nothing, and how long it may need for one piece. */
  readonly stallTimeoutMs: number;
  /** How long `close` waits for requests in flight. */
  readonly closeTimeoutMs: number;
}

export const defaultHttpSettings: HttpSettings = {
  isHostRouted: true,
  hasReference: true,
  isHttpsOnly: false,
  corsOrigins: [],
  trustedProxies: [],
  requestsInFlightMax: 2_000,
  streamsMax: 128,
  bodyTimeoutMs: 10_000,
  keepAliveTimeoutMs: 72_000,
  stallTimeoutMs: 120_000,
  closeTimeoutMs: 10_000,
};
