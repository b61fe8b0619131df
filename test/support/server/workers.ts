/**
 * Starts the program with several worker processes, and finds in its log which worker answered a request.
 *
 *     const workers = await startWorkers(folder, 2);
 *     const [one, other] = await workers.lines();
 *     const reply = await one.call('GET /sonar/v1/users', { bearer });
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Ended, Settings } from '../../cli/command-host.ts';
import { type Json, readJson, start } from '../../cli/program.ts';

export interface Workers {
  /** The JSON that the start printed. */
  readonly output: Json;
  readonly url: string;
  /** The supervisor of the workers. */
  readonly pid: number;
  /** A line to each worker; waits until all of them serve. */
  lines(): Promise<readonly Line[]>;
  /** A line to the worker that accepts the next connection. */
  open(): Promise<Line>;
  /** The lines of the log so far. */
  log(): readonly Json[];
  /** Sends the signal to the supervisor and resolves when it and all that hold its output have ended. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

/** A connection that stays open, so all its requests reach the same worker. */
export interface Line {
  /** The process of the worker. */
  readonly pid: number;
  /** Sends `METHOD /path` with a credential, or with header fields, and JSON. */
  call(
    line: string,
    ask?: { readonly bearer?: string; readonly headers?: OutgoingHttpHeaders; readonly json?: unknown },
  ): Promise<Answer>;
  close(): void;
}

export interface Answer {
  readonly status: number;
  readonly requestId: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
}

const waitMs = 20_000;

export async function startWorkers(folder: string, count: number, settings: Settings = {}): Promise<Workers> {
  const child = start(folder, ['serve', '--json', '--workers', String(count)], { PORT: '0', ...settings });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on('data', (chunk) => stdout.push(String(chunk)));
  child.stderr.on('data', (chunk) => stderr.push(String(chunk)));
  const ended = once(child, 'close').then(([exitCode]): Ended => {
    return { exitCode, stdout: stdout.join(''), stderr: stderr.join('') };
  });
  await until(() => stdout.join('').endsWith('\n') || child.exitCode !== null);
  assert.ok(child.exitCode === null, `the program ended: ${stderr.join('')}`);
  const output = readJson(stdout.join(''));
  const url = output.text('url');

  function log(): readonly Json[] {
    // The last line may be incomplete.
    return stderr.join('').split('\n').slice(0, -1).map(readJson);
  }

  async function open(): Promise<Line> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const line = lineTo(url, agent);
    let requestId: string;
    try {
      ({ requestId } = await line.call('GET /healthz'));
    } catch (error) {
      line.close();
      // The worker at the other end has just ended.
      if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') return open();
      throw error;
    }
    let found: Json | undefined;
    await until(() => {
      found = log().find((each) => each.at('requestId') === requestId);
      return found !== undefined;
    });
    return { ...line, pid: Number(found?.at('pid')) };
  }

  return {
    ...{ output, url, pid: child.pid ?? 0, log, open },
    async lines() {
      const lines = new Map<number, Line>();
      const deadline = performance.now() + waitMs;
      while (lines.size < count) {
        assert.ok(performance.now() < deadline, `${lines.size} of ${count} workers serve`);
        const line = await open();
        if (lines.has(line.pid)) line.close();
        else lines.set(line.pid, line);
      }
      return [...lines.values()];
    },
    stop(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

export async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!isTrue()) {
    assert.ok(performance.now() < deadline, 'the condition did not become true in time');
    await sleep(5);
  }
}

/** Whether a process with that id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function lineTo(url: string, agent: Agent): Omit<Line, 'pid'> {
  return {
    async call(line, { bearer, headers: given, json } = {}) {
      const [method = '', path = ''] = line.split(' ');
      const body = json === undefined ? undefined : JSON.stringify(json);
      const headers = {
        ...given,
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      };
      const sent = request(url + path, { method, agent, headers });
      sent.end(body);
      const [answer] = await once(sent, 'response');
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      return {
        status: answer.statusCode,
        requestId: answer.headers['x-request-id'],
        headers: answer.headers,
        body: readJson(text === '' ? 'null' : text),
      };
    },
    close: () => agent.destroy(),
  };
}
