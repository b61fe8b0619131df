/**
 * One of several processes that serve one address. It is a server like any other, and stops when its supervisor is
 * gone; the first one of a start also introduces the program, in words that the supervisor says for it.
 */
import { once } from 'node:events';
import type { App } from '../../app/create-app.ts';
import type { Reading } from '../../config/config.ts';
import type { Outcome } from '../command.ts';
import { introduce, startServer } from './server.ts';
import {
  type Assignment,
  isMetricsQuestion,
  type MetricsAnswer,
  type ServingMessage,
} from './worker-message.ts';

/** Serves until it is told to stop; resolves at the end, with nothing to say. */
export async function serveAsWorker(
  { isFirst, startedAt }: Assignment,
  reading: Reading,
  stopped: Promise<void>,
): Promise<Outcome> {
  const abandoned = once(process, 'disconnect');
  try {
    const server = await startServer(reading, isFirst ? 'first' : 'further');
    try {
      answerForMetrics(server.app);
      const said = isFirst ? await introduce(server, reading, startedAt) : null;
      tell({ url: server.url, said });
      await Promise.race([stopped, abandoned]);
    } finally {
      await server.app.close();
    }
    return { json: null, text: '' };
  } finally {
    // The connection to the supervisor would keep the process alive.
    if (process.connected) process.disconnect?.();
  }
}

/** Tells the supervisor what this process measures, whenever it asks. */
function answerForMetrics(app: App): void {
  process.on('message', async (message: unknown) => {
    if (!isMetricsQuestion(message)) return;
    const { metrics, isWhole } = message;
    try {
      tell({ metrics, snapshot: await app.readMetrics(isWhole) });
    } catch (error) {
      app.journal.fault('reading the metrics failed', error);
    }
  });
}

/** Nobody may listen any more, which `disconnect` tells. */
function tell(message: ServingMessage | MetricsAnswer): void {
  process.send?.(message, undefined, undefined, () => {});
}
