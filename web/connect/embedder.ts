/**
 * The web page of the app that shows this one in a frame. It gets the events that the public client expects. Messages go
 * to the origins that the app lists and to no other; the browser delivers only to the origin that embeds the page.
 */
import type { Report } from './session-results.ts';

export interface Embedder {
  /** Whether the page is shown in a frame. */
  readonly isThere: boolean;
  notify(event: 'connect-source' | 'disconnect-source' | 'close', report: Report): void;
}

export function findEmbedder(origins: readonly string[]): Embedder {
  const isThere = window.parent !== window;
  // Some browsers do not say which origin embeds the page. They drop messages for other origins.
  const known = [...(window.location.ancestorOrigins ?? [])].slice(0, 1);
  const targets = origins.filter((origin) => known.length === 0 || known.includes(origin));
  return {
    isThere,
    notify(event, report) {
      if (!isThere) return;
      for (const origin of targets) {
        window.parent.postMessage({ type: `hapi-connect-${event}`, ...report }, origin);
      }
    },
  };
}
