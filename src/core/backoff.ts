/** How long to wait before a retry: the wait doubles with each failure, up to a maximum. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The wait after the `failures`-th failure in a row, in milliseconds. */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff): number {
  return Math.min(maxMs, firstMs * 2 ** Math.max(0, failures - 1));
}
