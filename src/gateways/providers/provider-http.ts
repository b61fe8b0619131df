/**
 * HTTP calls to providers: bounded in time and in size, never redirected. Errors become short codes; texts of the
 * services do not leave this room.
 */

import { errorCodeOf } from '../../core/error-code.ts';
import { hourMs, secondMs } from '../../core/time.ts';

export interface ProviderHttp {
  /** A signal that aborts when the calls of one gateway method together take too long. */
  deadline(): AbortSignal;
  /** As the global `fetch`. The body of the answer is already in memory, and bounded. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Whether plain HTTP is allowed, as in development. */
  readonly isInsecureAllowed: boolean;
}

/** The time of all calls of one gateway method together; less than `providerDeadlineMs`. */
const deadlineMs = 10 * secondMs;
const bodyBytesMax = 256 * 1024;

export function createProviderHttp(
  options: {
    readonly fetch?: typeof fetch;
    readonly deadlineMs?: number;
    readonly isInsecureAllowed?: boolean;
  } = {},
): ProviderHttp {
  const send = options.fetch ?? globalThis.fetch;
  return {
    isInsecureAllowed: options.isInsecureAllowed ?? false,
    deadline: () => AbortSignal.timeout(options.deadlineMs ?? deadlineMs),
    async fetch(url, init) {
      const response = await send(url, { ...init, redirect: 'manual' });
      return withBody(response, await readBounded(response));
    },
  };
}

/** The body of an answer broke off, or was too large. */
export class BrokenBody extends Error {
  override readonly name = 'BrokenBody';
  /** The answer with the part of the body that had arrived. */
  readonly received: Response;

  constructor(received: Response, cause: unknown) {
    super('the body of the answer is not whole', { cause });
    this.received = received;
  }
}

/** Why there was no answer, and whether the service certainly did not get the request. */
export interface CallFailure {
  readonly reason: string;
  readonly isUnsent: boolean;
}

/** Nothing was sent: there was no connection, or no trusted one. */
const unsentCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

export function failureOf(error: unknown): CallFailure {
  if (error instanceof BrokenBody) return { ...failureOf(error.cause), isUnsent: false };
  if (error instanceof Error && error.name === 'TimeoutError') return { reason: 'timeout', isUnsent: false };
  if (unsentCodes.test(causeCodeOf(error))) return { reason: 'unreachable', isUnsent: true };
  return { reason: 'connection_lost', isUnsent: false };
}

/** The code of an answer that is no success. */
export function reasonOf(response: Response): string {
  return `http_${response.status}`;
}

const retryAfterMaxMs = hourMs;

/**
 * `Retry-After` (RFC 9110, section 10.2.3) in milliseconds, at most an hour. A date is compared with the service's own
 * clock, the header `Date`.
 */
export function retryAfterOf({ headers }: Response): { readonly retryAfterMs?: number } {
  const text = headers.get('retry-after') ?? '';
  const isSeconds = /^\d{1,9}$/.test(text);
  const waitMs = isSeconds ? Number(text) * secondMs : instantOf(text) - instantOf(headers.get('date') ?? '');
  return waitMs >= 0 ? { retryAfterMs: Math.min(retryAfterMaxMs, waitMs) } : {};
}

/** The instant of a date of HTTP (RFC 9110, section 5.6.7); NaN for another text. */
function instantOf(text: string): number {
  return / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.byteLength;
      // Leaving the loop cancels the stream.
      if (size > bodyBytesMax) throw new Error('the answer is too large');
    }
  } catch (error) {
    throw new BrokenBody(withBody(response, Buffer.concat(chunks).subarray(0, bodyBytesMax)), error);
  }
  return Buffer.concat(chunks);
}

function withBody({ status, statusText, headers }: Response, body: Uint8Array<ArrayBuffer>): Response {
  return new Response(mayHaveBody(status) ? body : null, { status, statusText, headers });
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

function causeCodeOf(error: unknown): string {
  return error instanceof Error ? errorCodeOf(error.cause) : '';
}
