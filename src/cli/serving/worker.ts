/**
 * One of several processes that serve one address. It is a server like any other, and stops when its supervisor says so, or
 * has ended. At a signal it serves on until another worker has its place. The first worker also writes the introduction, which
 * the supervisor prints.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../../app/create-app.ts';
import type { LoadedConfig } from '../../config/config.ts';
import type { Outcome } from '../command.ts';
import { introduce, startServer, stopServer } from './server.ts';
import {
  type Assignment,
  isMetricsRequest,
  isStopMessage,
  type LeaveMessage,
  type MetricsReply,
  type ServingMessage,
} from './worker-message.ts';

/** Longer than a worker needs for its start. */
const replacedMaxMs = 20_000;

/** Serves until it is stopped. Resolves at the end, with an empty outcome. */
export async function serveAsWorker(
  { isFirst, beginsAnew, startedAt, file }: Assignment,
  loaded: LoadedConfig,
  signal: Promise<string>,
): Promise<Outcome> {
  const orphaned = once(process, 'disconnect').then(() => 'the supervisor has ended');
  const stopped = Promise.race([stopMessage(), orphaned]);
  try {
    const server = await startServer(loaded, { shared: { file, isFirst }, beginsAnew });
    try {
      replyToMetricsRequests(server.app);
      const introduction = isFirst ? await introduce(server, loaded, startedAt) : null;
      send({ url: server.url, introduction });
      const left = signal.then((name) => replaced(server.app, name));
      await stopServer(server, await Promise.race([stopped, left]));
    } finally {
      await server.app.close();
    }
    return { json: null, text: '' };
  } finally {
    // The connection to the supervisor would keep the process alive.
    if (process.connected) process.disconnect?.();
  }
}

/** Resolves with the reason when the supervisor stops this worker. */
function stopMessage(): Promise<string> {
  return new Promise((resolve) => {
    process.on('message', (message: unknown) => {
      if (isStopMessage(message)) resolve(message.stop);
    });
  });
}

/** Asks for another worker in its place. Resolves with the reason of the stop if the supervisor is silent for too long. */
async function replaced({ journal }: App, signal: string): Promise<string> {
  journal.note('the worker asks for its replacement', { reason: signal });
  send({ leaves: signal });
  return sleep(replacedMaxMs, signal, { ref: false });
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
function send(message: ServingMessage | LeaveMessage | MetricsReply): void {
  process.send?.(message, undefined, undefined, () => {});
}
