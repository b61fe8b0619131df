/**
 * One burst of load from a process of its own: reads a job as JSON from standard input, prints what came of it
 * as JSON. Request paths are drawn uniformly from those given.
 */
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';

export interface LoadJob {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly paths: readonly string[];
  /** `each` uses every path at most once, for deletions; `draw` picks at random. */
  readonly order: 'draw' | 'each';
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is; `#` in it becomes a counter, for creations. */
  readonly body?: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly answered: number;
  /** Answers that were no success. */
  readonly failed: number;
}

const job: LoadJob = JSON.parse(await text(process.stdin));
let next = 0;
const result = await autocannon({
  url: job.url,
  method: job.method,
  headers: job.headers,
  connections: job.connections,
  duration: job.seconds,
  requests: [
    {
      setupRequest(request) {
        const count = next++;
        const at =
          job.order === 'each' ? count % job.paths.length : Math.floor(Math.random() * job.paths.length);
        const body = job.body?.replace('#', `${process.pid}-${count}`);
        return { ...request, path: job.paths[at] ?? '/', ...(body === undefined ? {} : { body }) };
      },
    },
  ],
});
const answered = result['2xx'] + result.non2xx;
const outcome: LoadResult = {
  perSecond: answered / result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  answered,
  failed: result.non2xx + result.errors + result.timeouts,
};
process.stdout.write(JSON.stringify(outcome));
