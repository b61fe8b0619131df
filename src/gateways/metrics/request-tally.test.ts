import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { renderMetrics } from './exposition.ts';
import { RequestTally } from './request-tally.ts';

const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'OPTIONS'),
  contract: fc.constantFrom('sonar', 'general'),
  route: fc.constantFrom('/v1/users', '/v1/users/:user_id'),
  status: fc.constantFrom(200, 204, 302, 404, 499, 503),
  // Whole milliseconds, so that sums are the same in any order; the bounds of buckets are among them.
  ms: fc.constantFrom(0, 1, 2, 3, 5, 10, 11, 250, 1_000, 9_999, 10_000, 10_001, 60_000),
});

test('requests are counted as a histogram of the library counts them', async () => {
  const check = fc.asyncProperty(fc.array(request, { minLength: 1 }), async (requests) => {
    const tally = new RequestTally();
    const registry = new Registry();
    const histogram = new Histogram({
      name: 'roster_http_request_duration_seconds',
      help: 'Time from a request to its answer, by contract, route and class of the status.',
      labelNames: ['contract', 'method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    });
    for (const { contract, route, ...each } of requests) {
      const pattern = `/${contract}${route}`;
      tally.add({ ...each, contract, route: pattern });
      const status = `${Math.floor(each.status / 100)}xx`;
      histogram.observe({ contract, method: each.method, route: pattern, status }, each.ms / 1_000);
    }
    const own = await renderMetrics([[tally.snapshot()]]);
    const lines = (text: string) => text.trim().split('\n').map(inOneForm).sort();
    assert.deepEqual(lines(own), lines(await registry.metrics()));
  });
  await fc.assert(check, { numRuns: 50 });
});

/** A sum of decimals is as exact as the order in which they were added. */
function inOneForm(line: string): string {
  return line.replace(/(?<=_sum\S* ).+$/, (sum) => Number(sum).toFixed(6));
}

test('requests without a route, with an unknown method or without an answer are one series each', () => {
  const tally = new RequestTally();
  const odd = { route: null, status: 404, ms: 1 };
  for (const method of [null, 'PURGE', 'BREW', '__proto__']) tally.add({ ...odd, method, contract: null });
  tally.add({ ...odd, method: 'GET', contract: 'sonar' });
  tally.add({ method: 'GET', contract: null, route: '/healthz', status: 0, ms: 1 });
  const counts = tally.snapshot().values.filter(({ metricName = '' }) => metricName.endsWith('_count'));
  assert.deepEqual(
    counts.map(({ labels, value }) => ({ ...labels, value })),
    [
      { contract: 'none', method: 'other', route: 'none', status: '4xx', value: 4 },
      { contract: 'sonar', method: 'GET', route: 'none', status: '4xx', value: 1 },
      { contract: 'none', method: 'GET', route: '/healthz', status: 'none', value: 1 },
    ],
  );
});
