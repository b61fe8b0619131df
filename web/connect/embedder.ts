/**
 * The page of the app that shows this one in a frame. It is told what happens, as the public client expects it; only
 * the origins that the app lists are spoken to, and the browser delivers to the one that is there.
 */
import type { Report } from './session-results.ts';

export interface Embedder {
  /** Whether there is one. */
  readonly isThere: boolean;
  tell(event: 'connect-source' | 'disconnect-source' | 'close', report: Report): void;
}

export function findEmbedder(origins: readonly string[]): Embedder {
  const isThere = window.parent !== window;
  // Not every browser tells who is there; it drops what is for somebody else.
  const known = [...(window.location.ancestorOrigins ?? [])].slice(0, 1);
  const targets = origins.filter((origin) => known.length === 0 || known.includes(origin));
  return {
    isThere,
    tell(event, report) {
      if (!isThere) return;
      for (const origin of targets) {
        window.parent.postMessage({ type: `hapi-connect-${event}`, ...report }, origin);
      }
    },
  };
}
