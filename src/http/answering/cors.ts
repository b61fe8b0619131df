/**
 * Which web pages may call, by the Fetch standard's CORS protocol: pages of the configured origins, on contracts
 * that allow browsers. Callers send credentials in headers and never in cookies, so CORS credentials are not allowed.
 */
import type { Cors } from '../operation.ts';

const exposed = 'X-User-Token, X-Email-Pending, X-Request-Id, X-Erasure-Id, X-Challenge, Retry-After';
const accepted = 'Authorization, Content-Type, Idempotency-Key, X-App-Id, X-Challenge-Answer, X-User-Token';
/** How long browsers may cache the answer to a preflight; Chromium caches it for two hours at most. */
const preflightLifeSeconds = 7_200;

/** The rules for these origins; null where there are none. */
export function createCors(origins: readonly string[]): Cors | null {
  if (origins.length === 0) return null;
  const allowed = new Set(origins);
  const isAllowed = (origin: string): boolean => allowed.has('*') || allowed.has(origin);
  // Answers differ by origin, and a shared cache must not confuse them.
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
