/**
 * A proxy between Roster and an authorization server that treats each request as the test says: it forwards it, fails,
 * refuses, hangs, closes the connection, or forwards it and loses the answer.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const faults = [
  'pass',
  /** 500 or 401; the server does not get the request. */
  'fail',
  'refuse',
  /** The connection is closed before or after the server has got the request. */
  'break',
  'lose',
  /** No answer comes, and the server has or has not got the request. */
  'hang',
  'hang_after',
  /**
   * 500 or 401, although the server has handled the request. A token endpoint that refuses with 401 has given nothing,
   * so there the server does not get the request.
   */
  'fail_after',
  'refuse_after',
] as const;
/**
 * No faults, but time for other events during a call. `slow`: the server's answer is delayed. `held`: the answer comes when
 * the test releases it.
 */
export type Fault = (typeof faults)[number] | 'slow' | 'held';

const slowMs = 60;
const patientMs = 10_000;
const hurriedMs = 80;

export interface FaultProxy {
  readonly url: string;
  /** How the next requests are treated, by their path. Default: `pass`. */
  plan(faultOf: (path: string) => Fault): void;
  /** As `plan`, where some requests may hang. */
  planHanging(faultOf: (path: string) => Fault): void;
  /** How long a caller should wait for an answer, in milliseconds: short where an answer may never come. */
  readonly patienceMs: number;
  /** The paths of the requests so far. */
  readonly asked: readonly string[];
  /** Waits for the first held answer, releases all held answers and resolves with their number. */
  release(): Promise<number>;
  close(): Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let faultOf: (path: string) => Fault = () => 'pass';
  let patienceMs = patientMs;
  const asked: string[] = [];
  const held: (() => void)[] = [];
  const hold = (): Promise<void> => new Promise((resolve) => held.push(resolve));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    void answer(target, faultOf(path), { request, response, hold });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    plan(next) {
      faultOf = next;
      patienceMs = patientMs;
    },
    planHanging(next) {
      faultOf = next;
      patienceMs = hurriedMs;
    },
    get patienceMs() {
      return patienceMs;
    },
    async release() {
      while (held.length === 0) await sleep(1);
      const going = held.splice(0);
      for (const letGo of going) letGo();
      return going.length;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  hold(): Promise<void>;
}

async function answer(target: string, fault: Fault, { request, response, hold }: Exchange): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  if (fault === 'break') return void response.destroy();
  if (fault === 'hang') return;
  if (fault === 'fail') return void response.writeHead(500).end('down');
  const isUngiven = fault === 'refuse_after' && request.url === '/token';
  if (fault === 'refuse' || isUngiven) return void response.writeHead(401).end('who are you?');
  const { authorization = '', 'content-type': type = '' } = request.headers;
  const upstream = await fetch(`${target}${request.url}`, {
    method: request.method ?? 'GET',
    headers: { authorization, ...(type === '' ? {} : { 'content-type': type }) },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  const body = await upstream.text();
  switch (fault) {
    case 'lose':
      return void response.destroy();
    case 'hang_after':
      return;
    case 'fail_after':
      return void response.writeHead(500).end('down');
    case 'refuse_after':
      return void response.writeHead(401).end('who are you?');
    case 'held':
    case 'slow':
    case 'pass':
      if (fault === 'slow') await sleep(slowMs);
      if (fault === 'held') await hold();
      return void response
        .writeHead(upstream.status, { 'content-type': upstream.headers.get('content-type') ?? 'text/plain' })
        .end(body);
  }
}
