/** What an operation that hashes a password knows of the request behind it: from where it came, and when. */
export interface Arrival {
  /** The caller's network. */
  readonly network: string;
  /** When the request began to arrive, in milliseconds of `performance.now`. */
  readonly arrivedAt: number;
  /** Aborted when the caller hangs up: work that has not begun is then dropped. */
  readonly hangUp?: AbortSignal | undefined;
}
