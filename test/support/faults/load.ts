/**
 * Clients that create and delete users while a fault is on, and remember what each answer has promised. They go on through
 * refusals and lost connections until they are stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Load {
  /** Where the clients send their requests; null while no server listens. */
  url: string | null;
  readonly bearer: string;
  /** Users whose creation was acknowledged. */
  readonly created: Set<string>;
  /** By user: the erasure of each acknowledged deletion. */
  readonly deleted: Map<string, string>;
  /** Users whose deletion was refused. */
  readonly refused: Set<string>;
  /** Users whose deletion got no answer. */
  readonly unanswered: Set<string>;
  /** Requests that were answered with a status that no fault explains. */
  readonly wrong: string[];
  stop(): Promise<void>;
}

const pauseMs = 5;

/** Starts so many clients. */
export function startLoad(url: string, bearer: string, clients = 8): Load {
  let isStopped = false;
  const load = {
    ...{ url, bearer },
    created: new Set<string>(),
    deleted: new Map<string, string>(),
    refused: new Set<string>(),
    unanswered: new Set<string>(),
    wrong: [] as string[],
  };
  const running = Array.from({ length: clients }, async () => {
    while (!isStopped) {
      const id = await create(load);
      if (id === null) await sleep(pauseMs);
      // Every other user is deleted.
      else if (load.created.size % 2 === 0) await remove(load, id);
    }
  });
  return Object.assign(load, {
    async stop() {
      isStopped = true;
      await Promise.all(running);
    },
  });
}

type State = Omit<Load, 'stop'>;

async function create(load: State): Promise<string | null> {
  const answer = await send(load, 'POST', '', '{}');
  if (answer === null) return null;
  const body: { data?: { id?: string } } = JSON.parse(answer.text || '{}');
  const id = body.data?.id;
  if (answer.status === 201 && id !== undefined) {
    load.created.add(id);
    return id;
  }
  if (answer.status !== 503) load.wrong.push(`POST ${answer.status} ${answer.text}`);
  return null;
}

async function remove(load: State, id: string): Promise<void> {
  const answer = await send(load, 'DELETE', `/${id}`);
  if (answer === null) load.unanswered.add(id);
  else if (answer.status === 204) load.deleted.set(id, answer.erasureId);
  else if (answer.status === 503) load.refused.add(id);
  else load.wrong.push(`DELETE ${answer.status} ${answer.text}`);
}

/** Null where the connection was lost, and where no server listens. */
export async function send(
  { url, bearer }: Pick<Load, 'url' | 'bearer'>,
  method: string,
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string; readonly erasureId: string } | null> {
  if (url === null) return null;
  try {
    const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
    const answer = await fetch(`${url}/sonar/v1/users${path}`, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(30_000),
    });
    const erasureId = answer.headers.get('x-erasure-id') ?? '';
    return { status: answer.status, text: await answer.text(), erasureId };
  } catch {
    return null;
  }
}
