/**
 * A server inside this server. It answers every request below its path, on any host, and reads and writes the bytes
 * itself: limits, envelopes and the request log do not apply to it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Mount {
  /** One segment, such as `/demo-provider`. */
  readonly path: string;
  /** Answers the request, also after a fault. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** The mount that a URL is below, if there is one. */
export function mountAt(mounts: readonly Mount[], url: string): Mount | undefined {
  return mounts.find(({ path }) => url.startsWith(path) && /^(?:[/?]|$)/.test(url.slice(path.length)));
}
