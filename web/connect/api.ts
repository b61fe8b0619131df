/** Calls the server of the page, with the token that the page was opened with. */
import type {
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
    session: async () => (await call('GET', 'session')).json(),
    start: async (provider) => (await call('POST', 'connections', { provider })).json(),
    async disconnect(connectionId) {
      await call('DELETE', `connections/${encodeURIComponent(connectionId)}`);
    },
  };
}

async function readProblem(answer: Response): Promise<ProblemCode> {
  try {
    const { error }: ProblemShape = await answer.json();
    return error;
  } catch {
    // The answer comes from a proxy, which has its own format.
    return answer.status >= 502 ? 'busy' : 'fault';
  }
}
