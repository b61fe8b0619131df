/**
 * Starts the HTTP layer alone on a free port: the lighthouse, a harbor in whose envelope lost requests are
 * refused, and a core whose only working port counts throttle hits in memory. `speak` sends raw bytes.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../../src/core/core.ts';
import { ShedRequests } from '../../src/core/figures/shed-requests.ts';
import { AuditTally } from '../../src/core/record/tally.ts';
import { createSecretBox } from '../../src/core/secret.ts';
import type { SystemTx } from '../../src/core/unit-of-work.ts';
import type { Contract } from '../../src/http/contract.ts';
import { createServer, type HttpServer, type ServerOptions } from '../../src/http/server/server.ts';
import { defaultHttpSettings, type HttpSettings } from '../../src/http/settings.ts';
import { createLighthouse, type Handlers } from './lighthouse/contract.ts';

export interface HarnessOptions {
  readonly handlers?: Handlers;
  readonly contracts?: readonly Contract[];
  readonly settings?: Partial<HttpSettings>;
  readonly pages?: ServerOptions['pages'];
  readonly readiness?: () => Promise<boolean>;
  readonly isProduction?: boolean;
  readonly meter?: ServerOptions['meter'];
  /** Calls that one network may make to throttled routes. */
  readonly quota?: number;
}

export interface Harness {
  readonly origin: string;
  readonly port: number;
  readonly server: HttpServer;
  /** The log lines. */
  readonly lines: readonly LogLine[];
  /** The calls that the throttle counted, oldest first. */
  readonly hits: readonly string[];
  /** Sends a request, by default with the key of an admin. */
  ask(line: string, init?: AskInit): Promise<Response>;
  /** Sends bytes with a pause between the parts; resolves with all received bytes when the connection ends. */
  speak(...parts: readonly (string | Buffer)[]): Promise<string>;
  close(): Promise<void>;
}

export interface AskInit {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer<ArrayBuffer> | null;
  readonly json?: unknown;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const lines: LogLine[] = [];
  const hits: string[] = [];
  const write = (level: string) => (fields: object, message: string) => {
    lines.push({ level, message, fields: { ...fields } });
  };
  const server = createServer({
    core: fakeCore(hits, options),
    contracts: options.contracts ?? [createLighthouse(options.handlers), createHarbor()],
    fallback: 'harbor',
    pages: options.pages ?? [],
    settings: { ...defaultHttpSettings, idleGraceMs: 50, ...options.settings },
    publicUrl: () => 'https://directory.example.com',
    logger: {
      request: (line) => write('info')(line, 'request'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    },
    readiness: options.readiness ?? (async () => true),
    ...(options.meter === undefined ? {} : { meter: options.meter }),
  });
  const origin = await server.listen({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(origin).port);

  return {
    ...{ origin, port, server, lines, hits },
    async ask(line, { key = 'admin', headers = {}, body = null, json } = {}) {
      const [method = '', path = ''] = line.split(' ');
      const asJson = json === undefined ? {} : { 'content-type': 'application/json' };
      const asKey = key === null ? {} : { 'x-lamp-key': key };
      return await fetch(origin + path, {
        method,
        headers: { ...asKey, ...asJson, ...headers },
        body: json === undefined ? body : JSON.stringify(json),
      });
    },
    speak: (...parts) => speak(port, parts),
    close: () => server.close(),
  };
}

/** A contract without routes, whose envelope differs from the lighthouse's. */
export function createHarbor(): Contract {
  return {
    ...createLighthouse(),
    name: 'harbor',
    title: 'Harbor',
    claims: () => false,
    routes: () => [],
    present(refusal, context) {
      const { status } = createLighthouse().present(refusal, context);
      return { status, body: { harbor: refusal.code } };
    },
    allowsBrowsers: false,
  };
}

/** A core that only counts throttle hits. */
function fakeCore(hits: string[], { quota: limit = 1_000, isProduction = false }: HarnessOptions): Core {
  const throttles: Partial<SystemTx['throttles']> = {
    async hitNested(bucket, [first]) {
      if (first === undefined) throw new Error('a hit without a subject');
      const { subject, quota } = first;
      hits.push(`${bucket} ${subject}`);
      const used = hits.filter((hit) => hit === `${bucket} ${subject}`).length;
      return used > quota.limit ? { waitMs: quota.windowMs, at: 0 } : null;
    },
  };
  const quota = { limit, windowMs: 30_000 };
  const core: Pick<Core, 'clock' | 'secrets' | 'tally' | 'shed'> & { work: object; policy: object } = {
    clock: { now: () => 1_000, elapsed: () => 1_000 },
    tally: new AuditTally(),
    shed: new ShedRequests(),
    secrets: createSecretBox('the harness keeps no secrets, so this is one'),
    work: {
      readSystem: async () => null,
      changeSystem: <T>(_reason: string, work: (tx: { throttles: typeof throttles }) => Promise<T>) =>
        work({ throttles }),
    },
    policy: {
      isProduction,
      networkQuotas: { signup: quota, page: { limit: 1_000_000, windowMs: 60_000 } },
      networkFactors: { '/24': 8, '/56': 4, '/48': 16 },
    },
  };
  return core as Core;
}

const pauseMs = 30;
const patienceMs = 5_000;

async function speak(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (piece: Buffer) => {
    received += piece.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
  });
  for (const part of parts) {
    if (!socket.destroyed) socket.write(part);
    await sleep(pauseMs);
  }
  const patience = setTimeout(
    () => socket.destroy(new Error('the server keeps the connection open')),
    patienceMs,
  );
  await closed;
  clearTimeout(patience);
  return received;
}
