/**
 * Counts requests and their durations by contract, method, route and class of the status. It runs for every request, so
 * it only looks up and adds and creates no objects: a histogram of the library would join its labels into a text each
 * time. The snapshot equals that of a histogram of the library.
 */
import type { MetricValues } from './snapshot.ts';

/** The fields of a request's log line that are counted. */
export interface AnsweredRequest {
  readonly method: string | null;
  readonly contract: string | null;
  /** The route's pattern. */
  readonly route: string | null;
  /** 0 where the caller had closed the connection before the answer. */
  readonly status: number;
  readonly ms: number;
}

/** The requests of one route, or those of a contract that reached no route. */
interface RouteTally {
  readonly contract: string;
  readonly route: string;
  /** By method and class of the status; undefined where there was no request. */
  readonly cells: (Cell | undefined)[];
}

/** `counts` has one more element than there are buckets, for requests that took longer than all of them. */
interface Cell {
  readonly counts: Float64Array;
  ms: number;
}

const name = 'roster_http_request_duration_seconds';
const bucketsMs = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000];
/** The last one stands for every other method. */
const methods = ['GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'other'];
const methodIndex = new Map(methods.map((method, index) => [method, index]));
const otherMethod = methods.length - 1;
/** By the first digit of the status; 0 where the caller had closed the connection. */
const classes = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'];

export class RequestTally {
  readonly #routes = new Map<string, RouteTally>();

  add({ method, contract, route, status, ms }: AnsweredRequest): void {
    // Patterns begin with a slash and names of contracts do not.
    const key = route ?? contract ?? '';
    let tally = this.#routes.get(key);
    if (tally === undefined) {
      tally = { contract: contract ?? 'none', route: route ?? 'none', cells: [] };
      this.#routes.set(key, tally);
    }
    const at = (methodIndex.get(method ?? '') ?? otherMethod) * classes.length + Math.floor(status / 100);
    const cell = tally.cells[at];
    if (cell === undefined)
      tally.cells[at] = addTo({ counts: new Float64Array(bucketsMs.length + 1), ms: 0 }, ms);
    else addTo(cell, ms);
  }

  /** As a histogram in seconds. */
  snapshot(): MetricValues {
    return {
      name,
      help: 'Time from a request to its answer, by contract, route and class of the status.',
      type: 'histogram',
      aggregator: 'sum',
      values: [...this.#routes.values()].flatMap(valuesOf),
    };
  }
}

function addTo(cell: Cell, ms: number): Cell {
  let bucket = 0;
  while (bucket < bucketsMs.length && ms > (bucketsMs[bucket] ?? 0)) bucket++;
  cell.counts[bucket] = (cell.counts[bucket] ?? 0) + 1;
  cell.ms += ms;
  return cell;
}

function valuesOf({ contract, route, cells }: RouteTally): MetricValues['values'] {
  return cells.flatMap((cell, at) => {
    if (cell === undefined) return [];
    const method = methods[Math.floor(at / classes.length)] ?? 'other';
    const labels = { contract, method, route, status: classes[at % classes.length] ?? 'none' };
    let count = 0;
    const buckets = [...cell.counts].map((each, bucket) => {
      count += each;
      const ms = bucketsMs[bucket];
      const le = ms === undefined ? '+Inf' : ms / 1_000;
      return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: cell.ms / 1_000 },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
}
