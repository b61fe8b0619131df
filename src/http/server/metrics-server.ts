/**
 * The server that shows metrics, on a listener of its own: nothing of it is reachable where people and their apps
 * call. It answers `GET /metrics` and nothing else, in plain words. Those who ask at the same time get the same answer.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MetricsServerOptions {
  readonly contentType: string;
  /** The metrics as text. */
  read(): Promise<string>;
  /** Told why metrics could not be read. */
  onFault(error: unknown): void;
}

export interface MetricsServer {
  /** The address that was asked for, with the port that it got. */
  readonly url: string;
  close(): Promise<void>;
}

/** How long a request may take to arrive. */
const arrivalMs = 5_000;

/** Listens; rejects with Node's error where that cannot be. */
export async function serveMetrics(
  options: MetricsServerOptions,
  at: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const read = sharing(() => options.read());
  const server = createServer(
    { headersTimeout: arrivalMs, requestTimeout: arrivalMs, connectionsCheckingInterval: arrivalMs },
    (request, response) => void answer(request, response, { ...options, read }),
  );
  await listen(server, at);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}/metrics`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function listen(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  { contentType, read, onFault }: MetricsServerOptions,
): Promise<void> {
  const say = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): void => {
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  };
  if (url.split('?', 1)[0] !== '/metrics') return say(404, 'Metrics are at /metrics.\n');
  if (method !== 'GET' && method !== 'HEAD') return say(405, 'Metrics are read.\n', { allow: 'GET, HEAD' });
  try {
    say(200, await read(), { 'content-type': contentType });
  } catch (error) {
    onFault(error);
    say(500, 'The metrics cannot be read; the log says why.\n');
  }
}

/** Has those who ask while it runs wait for the same run. */
function sharing<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= run().finally(() => {
      running = null;
    });
    return running;
  };
}
