/**
 * Stands between Roster and an authorization server and does to each request what the test says: hands it on, fails,
 * refuses, hangs, breaks the line, or hands it on and loses the answer.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const faults = [
  'pass',
  /** 500 or 401 without the server having seen anything. */
  'fail',
  'refuse',
  /** The line breaks before or after the server has seen the request. */
  'break',
  'lose',
  /** Nothing ever comes, and the server has or has not seen the request. */
  'hang',
  'hang_after',
  /** 500 or 401 although the server has done what it was asked. */
  'fail_after',
  'refuse_after',
] as const;
/**
 * No faults, but room for something else to happen meanwhile. `slow`: the server's answer takes its time. `held`: it
 * comes when the test lets it.
 */
export type Fault = (typeof faults)[number] | 'slow' | 'held';

const slowMs = 60;
const patientMs = 10_000;
const hurriedMs = 80;

export interface FaultProxy {
  readonly url: string;
  /** What becomes of the next requests, by their path; `pass` where nothing is said. */
  plan(faultOf: (path: string) => Fault): void;
  /** As `plan`, where some may hang. */
  planHanging(faultOf: (path: string) => Fault): void;
  /** How long a caller has to wait for an answer, in milliseconds: short where it may never come. */
  readonly patienceMs: number;
  /** The paths asked for so far. */
  readonly asked: readonly string[];
  /** Lets the answers go that are held, and resolves with how many there were; waits for the first one. */
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
  if (fault === 'refuse') return void response.writeHead(401).end('who are you?');
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
