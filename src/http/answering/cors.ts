/**
 * Which browsers may call, by the Fetch standard's CORS protocol: pages of the configured origins, on contracts
 * that allow browsers. Credentials travel in headers of our own and never in cookies, so none are allowed.
 */
import type { Cors } from '../operation.ts';

const exposed = 'X-User-Token, X-Request-Id, X-Erasure-Id, Retry-After';
const accepted = 'Authorization, Content-Type, Idempotency-Key, X-App-Id, X-User-Token';
/** How long browsers may remember the answer to a preflight; Chromium takes no more than two hours. */
const preflightLifeSeconds = 7_200;

/** The rules for these origins; null where there are none. */
export function createCors(origins: readonly string[]): Cors | null {
  if (origins.length === 0) return null;
  const allowed = new Set(origins);
  const isAllowed = (origin: string): boolean => allowed.has('*') || allowed.has(origin);
  // Answers to allowed and other origins differ, and a shared cache must not mix them up.
  const others = { vary: 'Origin' };

  return {
    fields({ origin }) {
      if (origin === undefined || !isAllowed(origin)) return others;
      return {
        ...others,
        'access-control-allow-origin': origin,
        'access-control-expose-headers': exposed,
      };
    },
    preflight(headers, methods) {
      if (headers.origin === undefined || headers['access-control-request-method'] === undefined) return null;
      if (!isAllowed(headers.origin)) return { status: 204 };
      return {
        status: 204,
        headers: {
          'access-control-allow-methods': methods.join(', '),
          'access-control-allow-headers': accepted,
          'access-control-max-age': String(preflightLifeSeconds),
        },
      };
    },
  };
}
