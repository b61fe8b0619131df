/**
 * The metrics of a deployment: a meter that counts what the parts of an app report, and the listener that serves the
 * counts. Without `ROSTER_METRICS_PORT` this file is not loaded, and no part reports anything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import { readBacklog } from '../core/deployment/backlog.ts';
import { summarizeSms } from '../core/messaging/sms-report.ts';
import { backlogSnapshot } from '../gateways/metrics/backlog-metrics.ts';
import { metricsContentType, ProcessSums, renderMetrics } from '../gateways/metrics/exposition.ts';
import { createProcessMetrics } from '../gateways/metrics/process-metrics.ts';
import { smsSnapshot } from '../gateways/metrics/sms-metrics.ts';
import type { Snapshot } from '../gateways/metrics/snapshot.ts';
import type { Logger } from '../http/log.ts';
import { type MetricsServer, serveMetrics } from '../http/server/metrics-server.ts';
import type { HttpServer, ServerMeter } from '../http/server/server.ts';
import type { Journal } from '../jobs/journal.ts';
import { type ListenAddress, listenFault, metricsAddress } from './listen.ts';
import type { OpenedDirectory, OpenHooks } from './open-directory.ts';

export type { MetricsServer, Snapshot };

/** How long a backlog is reused after it was read, and how long a reader of the metrics waits for it. */
const backlogMs = { reuse: 5_000, wait: 1_000 };

/** The parts of a directory that metrics are read from. */
export type Measured = Pick<OpenedDirectory, 'core' | 'store' | 'hasher'> & {
  readonly server: Pick<HttpServer, 'workload' | 'measure'>;
};

export interface Meter {
  /** The hooks for the directory: they count commits, messages, checkpoints and hashes. */
  readonly hooks: Pick<OpenHooks, 'onWritten' | 'onMessages' | 'onCheckpoint' | 'meter'>;
  /** The hooks for the server. */
  readonly server: ServerMeter;
  /** A logger that also counts each request. */
  loggerFrom(logger: Logger): Logger;
  /** A journal that also counts the events of jobs. */
  journalFrom(journal: Journal): Journal;
  /** The metrics of this process, with `isWhole` also the backlog of the directory. */
  read(measured: Measured, isWhole: boolean): Promise<Snapshot>;
  close(): void;
}

/** What all processes share: the backlog, and the texts of the day. */
async function readWhole(core: Core): Promise<Snapshot> {
  const backlog = await backlogSnapshot(await readBacklog(core), core.clock.now());
  return [...backlog, ...(await smsSnapshot(await summarizeSms(core)))];
}

/** A meter with all counts at 0. */
export function createMeter(): Meter {
  const metrics = createProcessMetrics();
  let backlog: { readonly at: number; readonly reading: Promise<Snapshot> } | null = null;

  /** Never rejects: empty while the database is unavailable. */
  function backlogOf({ core }: Measured): Promise<Snapshot> {
    const at = performance.now();
    if (backlog === null || at - backlog.at > backlogMs.reuse) {
      const reading = readWhole(core);
      backlog = { at, reading: reading.catch(() => []) };
    }
    return Promise.race([backlog.reading, sleep(backlogMs.wait, [], { ref: false })]);
  }

  return {
    hooks: {
      onWritten: metrics.written,
      onMessages: metrics.counted,
      onCheckpoint: metrics.checkpointed,
      meter: metrics,
    },
    server: metrics,
    loggerFrom: (logger) => ({
      request(line) {
        metrics.answered(line);
        logger.request(line);
      },
      info: (fields, message) => logger.info(fields, message),
      warn: (fields, message) => logger.warn(fields, message),
      error: (fields, message) => logger.error(fields, message),
    }),
    journalFrom: (journal) => ({
      note(event, fields) {
        metrics.noted(event, fields);
        journal.note(event, fields);
      },
      warn: (event, fields) => journal.warn(event, fields),
      fault(event, error) {
        metrics.faulted();
        journal.fault(event, error);
      },
    }),
    async read(measured, isWhole) {
      const { hasher, store, server } = measured;
      const own = await metrics.snapshot({
        ...store.measurements(),
        ...server.measure(),
        hashesWaiting: hasher.waiting,
        requestsWaiting: server.workload.waiting,
      });
      return isWhole ? [...own, ...(await backlogOf(measured))] : own;
    },
    close: () => metrics.close(),
  };
}

/** How metrics are served: the function that reads them, and the callbacks. */
export interface MetricsSource {
  read(): Promise<string>;
  /** Called with the address once metrics are served. */
  onServed(url: string): void;
  onFault(error: unknown): void;
}

/**
 * Serves metrics at the address.
 *
 * @throws {ConfigError} if the address cannot be listened at.
 */
export async function showMetrics(at: ListenAddress, source: MetricsSource): Promise<MetricsServer> {
  try {
    const server = await serveMetrics({ ...source, contentType: metricsContentType }, at);
    source.onServed(server.url);
    return server;
  } catch (error) {
    throw listenFault(error, at, metricsAddress);
  }
}

/** The metrics of one process as text. */
export function metricsText(snapshot: Snapshot): Promise<string> {
  return renderMetrics([snapshot]);
}

/** The sums over processes that start and end; see `ProcessSums`. */
export function createProcessSums<P>(): ProcessSums<P> {
  return new ProcessSums();
}
