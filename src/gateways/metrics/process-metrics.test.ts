import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createProcessMetrics } from './process-metrics.ts';
import type { Snapshot } from './snapshot.ts';

const metrics = createProcessMetrics();
after(() => metrics.close());

const calm = { sockets: { idle: 0, halfSent: 0, working: 0 }, weaknesses: [] };
const idle = {
  ...calm,
  hashesWaiting: 0,
  requestsWaiting: { read: 0 },
  changesWaiting: 0,
  file: null,
  connections: [],
  lateReads: null,
};

/** The samples of one metric, as labels and value. */
function samplesOf(snapshot: Snapshot, name: string): object[] {
  const found = snapshot.find((each) => each.name === name);
  assert.ok(found, name);
  return found.values.map(({ labels, value }) => ({ ...labels, value }));
}

test('entries of jobs are counted by channel and provider, without their ids', async () => {
  const messageId = 'msg_0123456789abcdef';
  metrics.noted('message', {
    messageId,
    channel: 'sms',
    template: 'confirmation',
    attempt: 1,
    state: 'sent',
  });
  metrics.noted('message', {
    messageId,
    channel: 'sms',
    template: 'confirmation',
    attempt: 9,
    state: 'failed',
    reason: 'expired',
    side: 'ours',
  });
  metrics.noted('revocation', {
    revocationId: 'rev_1',
    provider: 'oura',
    attempt: 1,
    result: 'ended',
    outcome: 'ok',
  });
  for (const outcome of ['http_500', 'timeout']) {
    metrics.noted('refresh', { connectionId: 'dev_1', provider: 'oura', outcome });
  }
  metrics.noted('erasures', { taken: 1, completed: 1 });
  metrics.faulted();
  const snapshot = await metrics.snapshot(idle);
  assert.deepEqual(samplesOf(snapshot, 'roster_message_attempts_total'), [
    { channel: 'sms', result: 'sent', value: 1 },
    { channel: 'sms', result: 'failed', value: 1 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_message_lane_attempts_total'), [
    { channel: 'sms', lane: 'code', result: 'sent', value: 1 },
    { channel: 'sms', lane: 'code', result: 'expired', value: 1 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_message_sender_refusals_total'), [
    { channel: 'sms', value: 1 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_revocation_attempts_total'), [
    { provider: 'oura', result: 'ended', value: 1 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_refresh_failures_total'), [{ provider: 'oura', value: 2 }]);
  assert.deepEqual(samplesOf(snapshot, 'roster_job_faults_total'), [{ value: 1 }]);
  assert.doesNotMatch(JSON.stringify(snapshot), /msg_|rev_|dev_|http_500/);
});

test('requests that wait or are shed are counted by kind of work', async () => {
  metrics.exceeded('write');
  metrics.waited('write', 30);
  metrics.shed('write', 'share');
  const snapshot = await metrics.snapshot({ ...idle, requestsWaiting: { read: 0, write: 7 } });
  assert.deepEqual(samplesOf(snapshot, 'roster_requests_waiting'), [
    { work: 'read', value: 0 },
    { work: 'write', value: 7 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_shares_exceeded_total'), [{ work: 'write', value: 1 }]);
  assert.deepEqual(samplesOf(snapshot, 'roster_requests_shed_total'), [
    { work: 'write', reason: 'share', value: 1 },
  ]);
  assert.ok(samplesOf(snapshot, 'roster_request_wait_seconds').length > 0);
});

test('measurements are of the moment, and database connections are counted by use', async () => {
  const full = { use: 'reads', inUse: 4, idle: 1, waiting: 7 } as const;
  const file = { bytes: 8_192, logBytes: 4_096 };
  await metrics.snapshot({ ...idle, hashesWaiting: 3, changesWaiting: 2, file, connections: [full] });
  const snapshot = await metrics.snapshot({ ...idle, file, connections: [{ ...full, waiting: 0 }] });
  assert.deepEqual(samplesOf(snapshot, 'roster_password_hashes_waiting'), [{ value: 0 }]);
  assert.deepEqual(samplesOf(snapshot, 'roster_database_file_bytes'), [
    { file: 'database', value: 8_192 },
    { file: 'log', value: 4_096 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_database_connections'), [
    { use: 'reads', state: 'in_use', value: 4 },
    { use: 'reads', state: 'idle', value: 1 },
  ]);
  assert.deepEqual(samplesOf(snapshot, 'roster_database_connections_waiting'), [{ use: 'reads', value: 0 }]);
});

test('late reads are counted by server, and only where a standby is configured', async () => {
  assert.deepEqual(samplesOf(await metrics.snapshot(idle), 'roster_late_reads_total'), []);
  await metrics.snapshot({ ...idle, lateReads: { standby: 2, leader: 0 } });
  const snapshot = await metrics.snapshot({ ...idle, lateReads: { standby: 5, leader: 1 } });
  assert.deepEqual(samplesOf(snapshot, 'roster_late_reads_total'), [
    { server: 'standby', value: 5 },
    { server: 'leader', value: 1 },
  ]);
});

test('the processor time never falls', async () => {
  const read = async (): Promise<number> => {
    const [sample] = samplesOf(await metrics.snapshot(idle), 'process_cpu_seconds_total');
    return Number(Object(sample).value);
  };
  const first = await read();
  assert.ok(first > 0);
  assert.ok((await read()) >= first);
});
