/**
 * Several processes as one: their metrics are added up, and written as Prometheus reads them. What a process had
 * counted stays in the sums when it ends, or does not answer for a while: a sum that fell would look to Prometheus like
 * a count that began anew, and all of it like new work. Only what was counted since it was last asked is lost.
 */
import { AggregatorRegistry } from 'prom-client';
import type { Snapshot } from './snapshot.ts';

/** The text format of Prometheus. */
export const metricsContentType = AggregatorRegistry.PROMETHEUS_CONTENT_TYPE;

/** The text of metrics, added up by name and labels. */
export function renderMetrics(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** The metrics of processes that come and go; `P` stands for one of them. */
export class ProcessSums<P> {
  readonly #last = new Map<P, Snapshot>();
  #ended: Promise<Snapshot> = Promise.resolve([]);

  /** The text of what processes that are there have answered, and of what the others had counted before. */
  async render(answers: ReadonlyMap<P, Snapshot>): Promise<string> {
    const silent = [...this.#last].filter(([each]) => !answers.has(each)).map(([, last]) => countsOf(last));
    for (const [each, snapshot] of answers) this.#last.set(each, snapshot);
    return renderMetrics([...answers.values(), ...silent, await this.#ended]);
  }

  /** Told that a process has ended. */
  end(each: P): void {
    const last = this.#last.get(each);
    this.#last.delete(each);
    if (last === undefined) return;
    this.#ended = this.#ended.then((ended) =>
      AggregatorRegistry.aggregate([ended, countsOf(last)]).getMetricsAsJSON(),
    );
  }
}

/** What only ever grows; the rest is of the moment. */
function countsOf(snapshot: Snapshot): Snapshot {
  return snapshot.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}
