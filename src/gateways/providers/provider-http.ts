/**
 * Calls to providers over HTTP: bounded in time and in size, never redirected, and told apart by what they prove.
 * What the services say in words stays here; codes go out.
 */
import { hourMs, secondMs } from '../../core/time.ts';

export interface ProviderHttp {
  /** The time that the calls of one gateway method have together. */
  deadline(): AbortSignal;
  /** As the global one. The body of the answer is in memory already, and not large. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Whether plain HTTP may be spoken, as to this machine. */
  readonly isInsecureAllowed: boolean;
}

/** All calls of one gateway method together; within `providerDeadlineMs`. */
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
      const body = await readBounded(response);
      const { status, statusText, headers } = response;
      return new Response(mayHaveBody(status) ? body : null, { status, statusText, headers });
    },
  };
}

/** Why no answer came, and whether it is certain that the service got nothing of the request. */
export interface CallFailure {
  readonly reason: string;
  readonly isUnsent: boolean;
}

/** Nothing had been sent: there was no connection, or none that could be trusted. */
const unsentCodes =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

export function failureOf(error: unknown): CallFailure {
  if (error instanceof Error && error.name === 'TimeoutError') return { reason: 'timeout', isUnsent: false };
  if (unsentCodes.test(causeCodeOf(error))) return { reason: 'unreachable', isUnsent: true };
  return { reason: 'connection_lost', isUnsent: false };
}

/** A code for an answer that is no success. */
export function reasonOf(response: Response): string {
  return `http_${response.status}`;
}

const retryAfterMaxMs = hourMs;

/** How long the service asks to be left alone (RFC 9110, section 10.2.3), in seconds only; undefined without it. */
export function retryAfterOf(response: Response): { readonly retryAfterMs?: number } {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d{1,9}$/.test(text) ? { retryAfterMs: Math.min(retryAfterMaxMs, Number(text) * secondMs) } : {};
}

/** The members of a JSON object; none where the body is not one. */
export async function readMembers(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const value: unknown = await response.clone().json();
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {};
  }
}

async function readBounded(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > bodyBytesMax) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 205 && status !== 304;
}

function causeCodeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}
