/**
 * Metrics of a deployment, put together: what the parts of an app tell of themselves, and the listener that shows it.
 * Nothing of this is loaded where no metrics are wanted, and no part is asked to tell anything.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readBacklog } from '../core/deployment/backlog.ts';
import { backlogSnapshot } from '../gateways/metrics/backlog-metrics.ts';
import { metricsContentType, ProcessSums, renderMetrics } from '../gateways/metrics/exposition.ts';
import { createProcessMetrics } from '../gateways/metrics/process-metrics.ts';
import type { Snapshot } from '../gateways/metrics/snapshot.ts';
import type { Logger } from '../http/log.ts';
import { type MetricsServer, serveMetrics } from '../http/server/metrics-server.ts';
import type { Journal } from '../jobs/journal.ts';
import { type ListenAddress, listenFault, metricsAddress } from './listen.ts';
import type { OpenedDirectory, OpenHooks } from './open-directory.ts';

export type { MetricsServer as Shown, Snapshot };

/** How long a backlog that was read is good for, and how long it is waited for. */
const backlogMs = { fresh: 5_000, wait: 1_000 };

/** What of a directory's parts metrics are read from. */
export type Measured = Pick<OpenedDirectory, 'core' | 'store' | 'hasher'>;

export interface Meter {
  /** What opening a directory is to be told to do. */
  readonly hooks: Pick<OpenHooks, 'onWritten' | 'onCheckpoint' | 'meter'>;
  /** The logger, with each request counted. */
  loggerFrom(logger: Logger): Logger;
  /** The journal, with what jobs tell counted. */
  journalFrom(journal: Journal): Journal;
  /** The metrics of this process; with `isWhole` also what the directory has still to do. */
  read(measured: Measured, isWhole: boolean): Promise<Snapshot>;
  close(): void;
}

/** A meter that is at 0. */
export function createMeter(): Meter {
  const metrics = createProcessMetrics();
  let backlog: { readonly at: number; readonly reading: Promise<Snapshot> } | null = null;

  /** Never rejects: where the database is away, nothing is told of it. */
  function backlogOf({ core }: Measured): Promise<Snapshot> {
    const at = performance.now();
    if (backlog === null || at - backlog.at > backlogMs.fresh) {
      const reading = readBacklog(core).then((read) => backlogSnapshot(read, core.clock.now()));
      backlog = { at, reading: reading.catch(() => []) };
    }
    return Promise.race([backlog.reading, sleep(backlogMs.wait, [], { ref: false })]);
  }

  return {
    hooks: { onWritten: metrics.written, onCheckpoint: metrics.checkpointed, meter: metrics },
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
      fault(event, error) {
        metrics.faulted();
        journal.fault(event, error);
      },
    }),
    async read(measured, isWhole) {
      const { hasher, store } = measured;
      const own = await metrics.snapshot({ ...store.readings(), hashesWaiting: hasher.waiting });
      return isWhole ? [...own, ...(await backlogOf(measured))] : own;
    },
    close: () => metrics.close(),
  };
}

/** How metrics are shown: what reads them, and who is told. */
export interface Showing {
  read(): Promise<string>;
  /** Told where they are to be had. */
  onServed(url: string): void;
  onFault(error: unknown): void;
}

/**
 * Shows metrics at the address.
 *
 * @throws {ConfigError} where nobody can listen there.
 */
export async function showMetrics(at: ListenAddress, showing: Showing): Promise<MetricsServer> {
  try {
    const server = await serveMetrics({ ...showing, contentType: metricsContentType }, at);
    showing.onServed(server.url);
    return server;
  } catch (error) {
    throw listenFault(error, at, metricsAddress);
  }
}

/** The text of one process's metrics. */
export function metricsText(snapshot: Snapshot): Promise<string> {
  return renderMetrics([snapshot]);
}

/** The metrics of processes that come and go, which all tell theirs; see `ProcessSums`. */
export function createProcessSums<P>(): ProcessSums<P> {
  return new ProcessSums();
}
