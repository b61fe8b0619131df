/**
 * The jobs of `load.ts`, run by autocannon, the usual load generator for Node servers. A request costs autocannon about
 * twice the CPU time of a bare `node:http` server. So it measures a bare server at half its rate, and the shares of all
 * other servers look better than they are.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import autocannon from 'autocannon';
import type { LoadJob, LoadResult } from './load.ts';

const job: LoadJob = JSON.parse(await text(process.stdin));
const { targets } = job;
const ids = 'ids' in targets ? readFileSync(targets.ids) : Buffer.alloc(16);
let sent = 0;

function pathOf(number: number): string {
  if ('paths' in targets) return targets.paths[number % targets.paths.length] ?? '/';
  const count = ids.length / 16;
  const { order } = targets;
  const at = order === 'draw' ? Math.floor(Math.random() * count) : (order.eachFrom + number) % count;
  return `${targets.prefix}${ids.toString('hex', at * 16, at * 16 + 16)}`;
}

const cpuBefore = process.cpuUsage();
const result = await autocannon({
  url: job.url,
  method: job.method,
  headers: job.headers,
  connections: job.connections,
  duration: job.seconds,
  requests: [
    {
      setupRequest(request) {
        const number = sent++;
        const body = job.body?.replaceAll('#', `${process.pid}-${number}`);
        return { ...request, path: pathOf(number), ...(body === undefined ? {} : { body }) };
      },
    },
  ],
});
const cpu = process.cpuUsage(cpuBefore);
const answered = result['2xx'] + result.non2xx;
const failed = result.non2xx + result.errors + result.timeouts;
const outcome: LoadResult = {
  perSecond: answered / result.duration,
  p50Ms: result.latency.p50,
  p99Ms: result.latency.p99,
  answered,
  sent,
  failed,
  measured: { sent: answered, failed },
  generatorShare: (cpu.user + cpu.system) / 1e6 / result.duration,
};
process.stdout.write(JSON.stringify(outcome));
