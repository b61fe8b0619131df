/**
 * One of several processes that serve one address. It is a server like any other, and stops when its supervisor has
 * ended. The first worker also writes the introduction, which the supervisor prints.
 */
import { once } from 'node:events';
import type { App } from '../../app/create-app.ts';
import type { LoadedConfig } from '../../config/config.ts';
import type { Outcome } from '../command.ts';
import { introduce, startServer, stopServer } from './server.ts';
import {
  type Assignment,
  isMetricsRequest,
  type MetricsReply,
  type ServingMessage,
} from './worker-message.ts';

/** Serves until a signal stops it, or until its supervisor has ended. Resolves at the end, with an empty outcome. */
export async function serveAsWorker(
  { isFirst, startedAt }: Assignment,
  loaded: LoadedConfig,
  stopped: Promise<string>,
): Promise<Outcome> {
  const orphaned = once(process, 'disconnect').then(() => 'the supervisor has ended');
  try {
    const server = await startServer(loaded, isFirst ? 'first' : 'further');
    try {
      replyToMetricsRequests(server.app);
      const introduction = isFirst ? await introduce(server, loaded, startedAt) : null;
      send({ url: server.url, introduction });
      await stopServer(server, await Promise.race([stopped, orphaned]));
    } finally {
      await server.app.close();
    }
    return { json: null, text: '' };
  } finally {
    // The connection to the supervisor would keep the process alive.
    if (process.connected) process.disconnect?.();
  }
}

/** Sends the metrics of this process to the supervisor whenever it asks. */
function replyToMetricsRequests(app: App): void {
  process.on('message', async (message: unknown) => {
    if (!isMetricsRequest(message)) return;
    const { metrics, isWhole } = message;
    try {
      send({ metrics, snapshot: await app.readMetrics(isWhole) });
    } catch (error) {
      app.journal.fault('reading the metrics failed', error);
    }
  });
}

/** Ignores a failure: the supervisor may have ended, and `disconnect` reports that. */
function send(message: ServingMessage | MetricsReply): void {
  process.send?.(message, undefined, undefined, () => {});
}
