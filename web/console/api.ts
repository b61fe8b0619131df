/**
 * Calls the API of the console on the page's own origin. The session is a cookie that scripts cannot read; the header
 * `x-roster-console` shows the server that this page made the call. Every failed call rejects with an `ApiProblem`.
 */
import type { FieldRefusal, RefusalBody } from '../../src/contracts/console/shapes/refusal.ts';
import { lastInput } from './reader.ts';

/** A failed call. `offline`: no answer came. `not_ours`: an answer that the API does not write, such as a proxy's. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: string;
  /** The status of the answer; 0 without one. */
  readonly status: number;
  /** What is wrong with each field of the input. */
  readonly fields: Readonly<Record<string, FieldRefusal>>;
  /** In how many seconds another try makes sense; null if the server does not say. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: string,
    details: Partial<Pick<ApiProblem, 'message' | 'status' | 'fields'>> = {},
    retryAfterSeconds: number | null = null,
  ) {
    super(details.message ?? code);
    this.code = code;
    this.status = details.status ?? 0;
    this.fields = details.fields ?? {};
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** The values of a query; `undefined` and the empty text are left out. */
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

export interface CallOptions {
  readonly query?: QueryValues;
  readonly body?: unknown;
  /** Whether the page repeats the call by itself. It says so to the server, unless the reader did something since its last call. */
  readonly isRepeated?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const base = '/console/api/v1';
const answerMaxMs = 30_000;

let lastAnswerAt = 0;
let activeAt = Number.NEGATIVE_INFINITY;
let serverAheadMs = 0;

/** The time of the server, in milliseconds since 1970, to about a second: the clock of this device may be wrong. */
export function serverNow(): number {
  return Date.now() + serverAheadMs;
}

/** When the last good answer to the reader came, in milliseconds since 1970: from then on the server counts the idle time anew. */
export function lastAnswer(): number {
  return lastAnswerAt;
}

type Listener = () => void;
const endListeners = new Set<Listener>();

/** Calls `listener` when an answer says that the session has ended. Returns a function that stops this. */
export function onSessionEnd(listener: Listener): () => void {
  endListeners.add(listener);
  return () => endListeners.delete(listener);
}

/** Resolves with the body of the answer, as the contract's shapes describe it; with `undefined` for an empty one. */
export async function call<T = undefined>(
  method: Method,
  path: string,
  options: CallOptions = {},
): Promise<T> {
  const answer = await send(method, path, options, AbortSignal.timeout(answerMaxMs));
  if (answer.status === 204) return undefined as T;
  const body = await readJson(answer);
  if (body === undefined) throw new ApiProblem('not_ours', { status: answer.status });
  return body as T;
}

/** Resolves with a file, and the name that the server gives it. Its begin must come in time; the rest may take long. */
export async function download(
  path: string,
  options: CallOptions = {},
): Promise<{ readonly blob: Blob; readonly name: string }> {
  const limit = new AbortController();
  const timer = window.setTimeout(() => limit.abort(), answerMaxMs);
  try {
    const answer = await send('GET', path, options, limit.signal);
    window.clearTimeout(timer);
    const [, name = 'roster'] =
      /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '') ?? [];
    return { blob: await answer.blob(), name };
  } catch (error) {
    if (error instanceof ApiProblem || options.signal?.aborted === true) throw error;
    throw new ApiProblem('offline');
  } finally {
    window.clearTimeout(timer);
  }
}

async function send(
  method: Method,
  path: string,
  { query, body, signal, isRepeated = false }: CallOptions,
  limit: AbortSignal,
): Promise<Response> {
  let answer: Response;
  const isPoll = isRepeated && lastInput() <= activeAt;
  if (!isPoll) activeAt = Date.now();
  try {
    answer = await fetch(`${base}${path}${toQuery(query)}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(method === 'GET' ? {} : { 'x-roster-console': '1' }),
        ...(isPoll ? { 'x-roster-poll': '1' } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      credentials: 'same-origin',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiProblem('offline');
  }
  const sentAt = Date.parse(answer.headers.get('date') ?? '');
  if (!Number.isNaN(sentAt)) serverAheadMs = sentAt - Date.now();
  if (answer.ok) {
    if (!isPoll) lastAnswerAt = Date.now();
    return answer;
  }
  const problem = await readProblem(answer);
  if (problem.status === 401 && problem.code === 'unauthorized') {
    for (const listener of endListeners) listener();
  }
  throw problem;
}

/** `?a=1&b=2`, or an empty text. */
export function toQuery(values: QueryValues | undefined): string {
  const given = Object.entries(values ?? {}).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}

async function readProblem(answer: Response): Promise<ApiProblem> {
  const { status } = answer;
  const seconds = Number(answer.headers.get('retry-after') ?? 'none');
  const retryAfter = Number.isFinite(seconds) ? seconds : null;
  const body = await readJson(answer);
  if (!isRefusal(body)) return new ApiProblem('not_ours', { status }, retryAfter);
  const { code, message, fields = {}, retryAfterSeconds = retryAfter } = body.error;
  return new ApiProblem(code, { status, message, fields }, retryAfterSeconds);
}

function isRefusal(body: unknown): body is RefusalBody {
  return isObject(body) && isObject(body['error']) && typeof body['error']['code'] === 'string';
}

/** Undefined for a body that is not JSON, or that ends too early. */
async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
