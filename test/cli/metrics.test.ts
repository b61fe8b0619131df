/** Metrics of `roster serve`: one text for several workers, and the error if the address is in use. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { findPort } from '../support/machine/port.ts';
import { type Metrics, readMetrics } from '../support/server/metrics.ts';
import { type Line, startWorkers, until, type Workers } from '../support/server/workers.ts';
import { endStarted, makeFolder, refused, removeFolder } from './program.ts';

const list = { contract: 'sonar', route: '/sonar/v1/users', status: '2xx' };

after(endStarted);

async function withWorkers(work: (workers: Workers, port: string) => Promise<void>): Promise<void> {
  const folder = await makeFolder();
  const port = String(await findPort());
  try {
    const workers = await startWorkers(folder, 2, { ROSTER_METRICS_PORT: port });
    await work(workers, port);
    assert.equal((await workers.stop('SIGTERM')).exitCode, 0);
    await assert.rejects(readMetrics(port));
  } finally {
    await removeFolder(folder);
  }
}

/** Waits until so many processes answer; their metrics. */
async function readOf(port: string, processes: number): Promise<Metrics> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const metrics = await readMetrics(port);
    if (metrics.sum('roster_processes') === processes) return metrics;
    assert.ok(performance.now() < deadline, `${metrics.sum('roster_processes')} of ${processes}`);
  }
}

describe('metrics of several workers', () => {
  test('are summed over the workers; the waiting work of the directory is counted once', () =>
    withWorkers(async (workers, port) => {
      const bearer = workers.output.text('apiKey');
      const lines = await workers.lines();
      for (const line of lines) {
        for (let call = 0; call < 3; call++) await line.call('GET /sonar/v1/users', { bearer });
      }
      const metrics = await readOf(port, 2);
      assert.equal(metrics.sum('roster_http_request_duration_seconds_count', list), 6);
      assert.equal(metrics.sum('roster_http_request_duration_seconds_bucket', { ...list, le: '10' }), 6);
      assert.equal(metrics.text.match(/^roster_messages_waiting /gm)?.length, 1);
      assert.equal(metrics.text.match(/^# TYPE roster_processes /gm)?.length, 1);
      const started = metrics.sum('process_start_time_seconds');
      assert.ok(started > Date.now() / 1_000 - 600 && started < Date.now() / 1_000, String(started));
      const reports = workers.log().filter((line) => line.at('msg') === 'metrics are served');
      assert.deepEqual(
        reports.map((line) => [line.at('address'), line.at('pid')]),
        [[`http://127.0.0.1:${port}/metrics`, workers.pid]],
      );
      assert.equal((await fetch(`${workers.url}/metrics`)).status, 404);
      for (const line of lines) line.close();
    }));

  test('do not decrease when a worker ends, because a reset counter looks like new work', () =>
    withWorkers(async (workers, port) => {
      const bearer = workers.output.text('apiKey');
      const lines: readonly Line[] = await workers.lines();
      for (const line of lines) await line.call('GET /sonar/v1/users', { bearer });
      const counted = (metrics: Metrics) => metrics.sum('roster_http_request_duration_seconds_count', list);
      const before = await readOf(port, 2);
      assert.equal(counted(before), 2);
      const [victim] = lines;
      assert.ok(victim !== undefined);
      process.kill(victim.pid, 'SIGKILL');
      await until(() => workers.log().some((line) => line.at('worker') === victim.pid));
      assert.equal(counted(await readMetrics(port)), 2);
      for (const line of lines) line.close();
      await workers.lines();
      const later = await readOf(port, 2);
      assert.equal(counted(later), 2);
      const cpu = 'process_cpu_seconds_total';
      assert.ok(later.sum(cpu) > before.sum(cpu), `${later.sum(cpu)} after ${before.sum(cpu)}`);
    }));

  test('are refused in one line if their address is in use, and no worker starts', async () => {
    await withWorkers(async (_, port) => {
      const folder = await makeFolder();
      try {
        for (const count of ['1', '2']) {
          const settings = { ROSTER_METRICS_PORT: port, ROSTER_WORKERS: count, PORT: '0' };
          const { exitCode, lines } = await refused(folder, ['serve'], settings);
          assert.deepEqual([exitCode, lines.length], [1, 1], lines.join('\n'));
          assert.match(lines[0] ?? '', new RegExp(`^roster: ROSTER_METRICS_PORT ${port} is in use on 127`));
        }
      } finally {
        await removeFolder(folder);
      }
    });
  });
});
