/**
 * The metrics of several workers as one text. The supervisor asks each worker for its metrics, and one of them also for
 * the backlog of the directory. It measures nothing itself and reads no database. If a worker does not reply in time,
 * the text has its last known counts.
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProcessSums, type MetricsServer, type Snapshot, showMetrics } from '../../app/metrics.ts';
import type { Config } from '../../config/config.ts';
import { isMetricsReply, type MetricsRequest } from './worker-message.ts';

export interface WorkerMetricsOptions {
  readonly at: NonNullable<Config['metrics']>;
  /** The workers that serve now; the set changes. */
  readonly serving: ReadonlySet<ChildProcess>;
  /** Writes a log line. */
  log(level: 'info' | 'warn', event: string, fields: object): void;
}

/** How long a worker may take to reply. */
const replyMs = 2_000;

/**
 * Serves the metrics of the workers from now on.
 *
 * @throws {ConfigError} if the address cannot be listened at.
 */
export function serveWorkerMetrics({ at, serving, log }: WorkerMetricsOptions): Promise<MetricsServer> {
  const sums = createProcessSums<ChildProcess>();
  const watched = new WeakSet<ChildProcess>();
  let requests = 0;

  async function read(): Promise<string> {
    requests += 1;
    const replies = await Promise.all(
      [...serving].map(async (worker, index) => {
        if (!watched.has(worker)) worker.once('exit', () => sums.end(worker));
        watched.add(worker);
        return [worker, await ask(worker, { metrics: requests, isWhole: index === 0 })] as const;
      }),
    );
    const present = new Map<ChildProcess, Snapshot>();
    for (const [worker, snapshot] of replies) {
      // The counts of a worker that has ended since its reply are in the sums of ended workers already.
      if (snapshot !== null && isRunning(worker)) present.set(worker, snapshot);
    }
    return sums.render(present);
  }

  return showMetrics(at, {
    read,
    onServed: (address) => log('info', 'metrics are served', { address }),
    onFault: () => log('warn', 'reading the metrics failed', {}),
  });
}

/** The metrics of the worker; null if it does not reply in time. */
async function ask(worker: ChildProcess, request: MetricsRequest): Promise<Snapshot | null> {
  const { promise, resolve } = Promise.withResolvers<Snapshot | null>();
  const listen = (message: unknown): void => {
    if (isMetricsReply(message) && message.metrics === request.metrics) resolve(message.snapshot);
  };
  worker.on('message', listen);
  worker.send(request, (error) => {
    if (error !== null) resolve(null);
  });
  const snapshot = await Promise.race([promise, sleep(replyMs, null, { ref: false })]);
  worker.off('message', listen);
  return snapshot;
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
