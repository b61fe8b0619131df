/**
 * The HTTP client of the tests. It uses `node:http`, so a test can set any header (also `Host`) and send any bytes. It
 * checks every answer against the OpenAPI documents before it returns the answer.
 *
 *     const reply = await client.call('POST /v1/users', { bearer: key, json: { timezone: 'UTC' } });
 *     assert.equal(reply.status, 201);
 *     const id = reply.string('data.id');
 */
import assert from 'node:assert/strict';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange, OpenApiCheck, Reached } from '../contracts/openapi-check.ts';

/** Headers and body of a request. At most one of `json`, `form` and `body`. */
export interface Ask {
  /** Names in any case; a list sends the header several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The `Host` header, such as `sonar.localhost`; by default the server's address. */
  readonly host?: string;
  /** `Authorization: Bearer …`: an API key or a session token. */
  readonly bearer?: string | undefined;
  /** `X-User-Token`: a session token. */
  readonly session?: string | undefined;
  /** `Authorization: Basic …` with the key as user name and a blank password. */
  readonly appKey?: string | undefined;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  /** Any bytes. They have no content type unless `headers` sets one. */
  readonly body?: string | Buffer;
  /** A connected socket for the request; by default one of the pool. */
  readonly socket?: Socket;
}

/** A complete answer. */
export interface Reply extends Reached {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed JSON; undefined if the body is not JSON. */
  readonly body: unknown;
  /** The value at a dotted path of the body, such as `data.0.id`; undefined if there is none. */
  at(path: string): unknown;
  /** The text at a dotted path; fails the test if there is none. */
  string(path: string): string;
  /** The number at a dotted path; fails the test if there is none. */
  number(path: string): number;
  /** The first value of a header; fails the test if it is missing. */
  header(name: string): string;
}

/** A request and its answer, as the client records them. */
export interface Seen extends Exchange, Reached {}

export interface Client {
  /** For example `http://127.0.0.1:41234`, without a final slash. */
  readonly baseUrl: string;
  /** Every answer so far, oldest first. */
  readonly seen: readonly Seen[];
  /** Sends `METHOD /path?query`, checks the answer against the documents, and resolves with it. */
  call(line: string, ask?: Ask): Promise<Reply>;
  /** Sends a request and resolves at the head of the answer, without a check, for tests that read slowly or disconnect. */
  open(line: string, ask?: Ask): Promise<IncomingMessage>;
  /** Closes the pooled connections. */
  close(): void;
}

/** A client of the server at `baseUrl`; it calls `check` at the first answer. */
export function createClient(baseUrl: string, check: () => Promise<OpenApiCheck>): Client {
  const agent = new Agent({ keepAlive: true });
  const seen: Seen[] = [];

  async function open(line: string, ask: Ask = {}): Promise<IncomingMessage> {
    const sent = compose(line, ask);
    return send(baseUrl, agent, sent, ask.socket);
  }

  return {
    baseUrl,
    seen,
    open,
    async call(line, ask = {}) {
      const sent = compose(line, ask);
      const answer = await send(baseUrl, agent, sent, ask.socket);
      const exchange: Exchange = {
        method: sent.method,
        path: sent.target.split('?', 1)[0] ?? '',
        requestHeaders: sent.headers,
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        text: await readText(answer),
      };
      const reached = (await check()).check(exchange);
      seen.push({ ...exchange, ...reached });
      return toReply(exchange, reached);
    },
    close() {
      agent.destroy();
    },
  };
}

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: Record<string, string | string[]>;
  readonly body: string | Buffer | undefined;
}

/** The headers that carry the credential of a request. */
export function credentialHeaders({ bearer, session, appKey }: Ask): Record<string, string> {
  return {
    ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    ...(appKey === undefined
      ? {}
      : { authorization: `Basic ${Buffer.from(`${appKey}:`).toString('base64')}` }),
    ...(session === undefined ? {} : { 'x-user-token': session }),
  };
}

function compose(line: string, ask: Ask): Sent {
  const at = line.indexOf(' ');
  assert.ok(at > 0 && line[at + 1] === '/', `"${line}" is not "METHOD /path"`);
  const headers: Record<string, string | string[]> = credentialHeaders(ask);
  const { json, form, host } = ask;
  if (host !== undefined) headers['host'] = host;
  let body = ask.body;
  if (json !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(json);
  } else if (form !== undefined) {
    headers['content-type'] = 'application/x-www-form-urlencoded';
    body = new URLSearchParams(form).toString();
  }
  for (const [name, value] of Object.entries(ask.headers ?? {})) {
    headers[name.toLowerCase()] = typeof value === 'string' ? value : [...value];
  }
  // Node sends the body of a DELETE without its length. The server would then read it as the start of another request.
  if (body !== undefined && !('transfer-encoding' in headers)) {
    headers['content-length'] ??= String(Buffer.byteLength(body));
  }
  return { method: line.slice(0, at), target: line.slice(at + 1), headers, body };
}

function send(baseUrl: string, agent: Agent, sent: Sent, socket?: Socket): Promise<IncomingMessage> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method: sent.method,
      path: sent.target,
      headers: sent.headers,
      // Node prefers an agent to `createConnection`, so pass only one of them.
      ...(socket === undefined ? { agent } : { createConnection: () => socket }),
    });
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(sent.body);
  });
}

async function readText(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of answer) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

function toReply(exchange: Exchange, reached: Reached): Reply {
  const { status, headers, text } = exchange;
  const body = parseJson(text);
  const at = (path: string): unknown => valueAt(body, path);
  return {
    ...reached,
    ...{ status, headers, text, body, at },
    string(path) {
      const value = at(path);
      assert.ok(typeof value === 'string', `no text at ${path} of ${status} ${text}`);
      return value;
    },
    number(path) {
      const value = at(path);
      assert.ok(typeof value === 'number', `no number at ${path} of ${status} ${text}`);
      return value;
    },
    header(name) {
      const value = headers[name.toLowerCase()];
      assert.ok(typeof value === 'string', `no header ${name} beside ${status} ${text}`);
      return value;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function valueAt(body: unknown, path: string): unknown {
  let value = body;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.entries(value).find(([name]) => name === key)?.[1];
  }
  return value;
}
