/**
 * A server inside this one, that answers everything below a path of its own on any host. It reads and writes the
 * bytes itself: limits, envelopes and the log are not for it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Mount {
  /** One segment, such as `/demo-provider`. */
  readonly path: string;
  /** Answers the request, whatever happens. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** The mount that a URL is below, if there is one. */
export function mountAt(mounts: readonly Mount[], url: string): Mount | undefined {
  return mounts.find(({ path }) => url.startsWith(path) && /^(?:[/?]|$)/.test(url.slice(path.length)));
}
