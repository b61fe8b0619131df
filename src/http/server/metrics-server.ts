/**
 * The server that shows metrics, on a separate listener: the public listener never serves them. It answers
 * `GET /metrics` alone, as plain text. Requests that arrive while the metrics are being read share one answer.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostOf, listen } from './listen.ts';

export interface MetricsServerOptions {
  readonly contentType: string;
  /** The metrics as text. */
  read(): Promise<string>;
  /** Gets the reason why the metrics could not be read. */
  onFault(error: unknown): void;
}

export interface MetricsServer {
  /** The requested host with the actual port. */
  readonly url: string;
  close(): Promise<void>;
}

/** Programs that read metrics are few. */
const connectionsMax = 50;
/** How long a request may take to arrive. */
const arrivalMs = 5_000;

/** Listens; rejects with Node's error when that fails. */
export async function serveMetrics(
  options: MetricsServerOptions,
  at: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const read = sharing(() => options.read());
  const server = createServer(
    { headersTimeout: arrivalMs, requestTimeout: arrivalMs, connectionsCheckingInterval: arrivalMs },
    (request, response) => void answer(request, response, { ...options, read }),
  );
  server.maxConnections = connectionsMax;
  const { port } = await listen(server, at);
  return {
    url: `http://${hostOf(at.host)}:${port}/metrics`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
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

/** Calls that come while it runs wait for the same run. */
function sharing<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= run().finally(() => {
      running = null;
    });
    return running;
  };
}
