/**
 * Adds up the metrics of several processes and writes them in the text format of Prometheus. The counts of a process
 * stay in the sums when it ends or does not answer for a while: Prometheus would read a falling sum as a restarted
 * counter, and would count the whole sum again. Only the counts since the last answer of a process are lost.
 */
import { AggregatorRegistry } from 'prom-client';
import type { Snapshot } from './snapshot.ts';

/** The text format of Prometheus. */
export const metricsContentType = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

/** The text of the metrics, added up by name and labels. */
export function renderMetrics(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** The metrics of processes that start and end; `P` is the key of a process. */
export class ProcessSums<P> {
  readonly #last = new Map<P, Snapshot>();
  #ended: Promise<Snapshot> = Promise.resolve([]);

  /** The text of the answers of present processes, and of the last counts of the others. */
  async render(answers: ReadonlyMap<P, Snapshot>): Promise<string> {
    const silent = [...this.#last].filter(([each]) => !answers.has(each)).map(([, last]) => countsOf(last));
    for (const [each, snapshot] of answers) this.#last.set(each, snapshot);
    return renderMetrics([...answers.values(), ...silent, await this.#ended]);
  }

  /** Adds the last counts of a process that has ended. */
  end(each: P): void {
    const last = this.#last.get(each);
    this.#last.delete(each);
    if (last === undefined) return;
    this.#ended = this.#ended.then((ended) =>
      AggregatorRegistry.aggregate([ended, countsOf(last)]).getMetricsAsJSON(),
    );
  }
}

/** The metrics that only grow; the others describe the present moment. */
function countsOf(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}
