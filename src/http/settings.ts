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
  /** The number of connections; for a new one above that, others are closed. */
  readonly socketsMax: number;
  /** The number of requests that have begun to arrive and are not complete, in all and of one network. */
  readonly halfSentMax: number;
  readonly halfSentNetworkMax: number;
  /** How many bytes of them the server holds, about; what comes in half a second is more. */
  readonly halfSentBytesMax: number;
  /** How many bytes of a request must arrive in each second since it began, on average; judged after `slowAfterMs`. */
  readonly leastBytesPerSecond: number;
  readonly slowAfterMs: number;
  /** How long a request may take to arrive, headers and body. */
  readonly bodyTimeoutMs: number;
  /** How long a connection may be idle between two requests. Longer than a proxy's own limit, so that the proxy closes first. */
  readonly keepAliveTimeoutMs: number;
  /** How long the reader of a long answer may take nothing, and how long it may need for one piece. */
  readonly stallTimeoutMs: number;
  /** How long `close` leaves connections without a request open, for a request that is on its way. */
  readonly idleGraceMs: number;
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
  socketsMax: 10_000,
  halfSentMax: 2_000,
  halfSentNetworkMax: 200,
  halfSentBytesMax: 128 * 1024 * 1024,
  leastBytesPerSecond: 1_024,
  slowAfterMs: 5_000,
  bodyTimeoutMs: 10_000,
  keepAliveTimeoutMs: 72_000,
  stallTimeoutMs: 120_000,
  idleGraceMs: 1_000,
  closeTimeoutMs: 10_000,
};
