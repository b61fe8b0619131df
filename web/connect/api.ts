/** Calls the server of the page, with the token that the page was opened with. */
import type {
  FlowShape,
  ProblemCode,
  ProblemShape,
  SessionShape,
  StartedShape,
} from '../../src/pages/connect/connect-shapes.ts';

/** A failed call: a code from the server, or `offline` without an answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ProblemCode | 'offline';

  constructor(code: ProblemCode | 'offline') {
    super(code);
    this.code = code;
  }
}

/** Each call rejects with an `ApiError`. */
export interface Api {
  session(): Promise<SessionShape>;
  /** Starts a connection to the provider. */
  start(provider: string): Promise<StartedShape>;
  /** How far the flow is that `start` has started. */
  progress(flow: string): Promise<FlowShape['progress']>;
  disconnect(connectionId: string): Promise<void>;
}

const answerMaxMs = 20_000;

/** `base` is the address of the calls, with a slash at its end. */
export function createApi(base: string, token: string): Api {
  async function call(method: string, path: string, body?: unknown): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(`${base}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        credentials: 'omit',
        signal: AbortSignal.timeout(answerMaxMs),
      });
    } catch {
      throw new ApiError('offline');
    }
    if (!answer.ok) throw new ApiError(await readProblem(answer));
    return answer;
  }

  return {
    async session() {
      const session = await readBody(await call('GET', 'session'), isSession);
      const toAddress = (mark: unknown): string | null =>
        typeof mark === 'string' ? new URL(mark, base).href : null;
      return {
        ...session,
        sources: session.sources.map((each) => ({ ...each, mark: toAddress(each.mark) })),
      };
    },
    start: async (provider) => readBody(await call('POST', 'connections', { provider }), isStarted),
    async progress(flow) {
      return (await readBody(await call('GET', `flows/${encodeURIComponent(flow)}`), isFlow)).progress;
    },
    async disconnect(connectionId) {
      const { status } = await call('DELETE', `connections/${encodeURIComponent(connectionId)}`);
      if (status !== 204) throw new ApiError('busy');
    },
  };
}

const problemCodes: Readonly<Record<ProblemCode, true>> = {
  ...{ expired: true, gone: true, not_understood: true, too_many: true, busy: true, fault: true },
};

/** The code of our own answer. Another answer comes from a proxy, in a format of its own, and may be retried. */
async function readProblem(answer: Response): Promise<ProblemCode> {
  const body = await readJson(answer);
  const isOurs = isProblem(body) && Object.hasOwn(problemCodes, body.error);
  return isOurs ? body.error : 'busy';
}

/** The body of our own answer. Rejects with `busy` for the answer of a proxy, which may also have a good status. */
async function readBody<T>(answer: Response, isOurs: (body: unknown) => body is T): Promise<T> {
  const body = await readJson(answer);
  if (!isOurs(body)) throw new ApiError('busy');
  return body;
}

/** Null for a body that is not JSON, or that ends too early. */
async function readJson(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isProblem(body: unknown): body is ProblemShape {
  return isObject(body) && typeof body['error'] === 'string';
}

function isSession(body: unknown): body is SessionShape {
  if (!isObject(body) || !isObject(body['app']) || typeof body['app']['name'] !== 'string') return false;
  const { sources } = body;
  const isSource = (each: unknown): boolean =>
    isObject(each) && typeof each['provider'] === 'string' && typeof each['title'] === 'string';
  return Array.isArray(sources) && sources.every(isSource);
}

function isFlow(body: unknown): body is FlowShape {
  return isObject(body) && typeof body['progress'] === 'string';
}

function isStarted(body: unknown): body is StartedShape {
  return isObject(body) && typeof body['authUrl'] === 'string' && /^https?:/i.test(body['authUrl']);
}
