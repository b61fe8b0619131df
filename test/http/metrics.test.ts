/** Metrics over real HTTP, of one process. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { addPerson, bareId } from '../support/contracts/people.ts';
import { findPort } from '../support/machine/port.ts';
import { metricsUrl, readMetrics } from '../support/server/metrics.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const requests = 'roster_http_request_duration_seconds';

describe('metrics', () => {
  let roster: Roster;
  let port: number;

  before(async () => {
    port = await findPort();
    roster = await startRoster({ env: { ROSTER_METRICS_PORT: String(port) }, hasStandardHashes: true });
  });
  after(() => roster.close());

  const read = () => readMetrics(port);

  test('count requests by contract, route and class of the status, each in one bucket of its duration', async () => {
    const bearer = roster.organization.apiKeys.admin;
    for (let call = 0; call < 3; call++) await roster.call('GET /sonar/v1/users', { bearer });
    await roster.call('GET /sonar/v1/users');
    await roster.call('GET /sonar/v1/users/usr_00000000000000000000000000000000', { bearer });
    await fetch(`${roster.baseUrl}/nowhere/of/any`, { method: 'PURGE' }).catch(() => {});
    const metrics = await read();
    const list = { contract: 'sonar', method: 'GET', route: '/sonar/v1/users' };
    assert.equal(metrics.sum(`${requests}_count`, { ...list, status: '2xx' }), 3);
    assert.equal(metrics.sum(`${requests}_count`, { ...list, status: '4xx' }), 1);
    assert.equal(metrics.sum(`${requests}_bucket`, { ...list, status: '2xx', le: '+Inf' }), 3);
    assert.equal(metrics.sum(`${requests}_bucket`, { ...list, status: '2xx', le: '10' }), 3);
    assert.ok(metrics.sum(`${requests}_sum`, list) < 10);
    const one = { contract: 'sonar', route: '/sonar/v1/users/:user_id', status: '4xx' };
    assert.equal(metrics.sum(`${requests}_count`, one), 1);
    assert.equal(metrics.sum(`${requests}_count`, { route: 'none', method: 'other' }), 1);
  });

  test('count hashes, commits and messages; the backlog is empty when all work is done', async () => {
    const before = await read();
    const email = 'ida.quill@example.com';
    await addPerson(roster, { email, status: 'active' });
    await roster.call('POST /v1/sessions', { json: { email, password: 'three wild horses' } });
    await roster.call('POST /v1/users/passwords', { json: { email } });
    await roster.settle();
    const metrics = await read();
    const grown = (name: string, labels = {}) => metrics.sum(name, labels) - before.sum(name, labels);
    assert.equal(grown('roster_password_hash_duration_seconds_count'), 1);
    assert.ok(grown('roster_password_hash_duration_seconds_sum') > 0.001);
    assert.equal(metrics.sum('roster_password_hashes_refused_total'), 0);
    assert.equal(grown('roster_message_attempts_total', { channel: 'email', result: 'kept' }), 1);
    const commits = grown('roster_commit_duration_seconds_count');
    assert.ok(commits >= 3, `${commits} commits`);
    assert.equal(grown('roster_commit_changes_count'), commits);
    assert.ok(grown('roster_commit_changes_sum') >= commits);
    for (const name of [
      'roster_password_hashes_waiting',
      'roster_changes_waiting',
      'roster_job_faults_total',
    ]) {
      assert.ok(metrics.has(name), name);
      assert.equal(metrics.sum(name), 0, name);
    }
    assert.ok(metrics.sum('roster_database_file_bytes', { file: 'log' }) > 0);
    assert.ok(metrics.sum('roster_event_loop_delay_seconds_count') > 0);
    assert.ok(metrics.sum('process_resident_memory_bytes') > 10_000_000);
    assert.ok(metrics.sum('process_cpu_seconds_total') > 0.01);
    assert.equal(metrics.sum('roster_processes'), 1);
  });

  test('report the backlog of the directory, also for a provider without work', async () => {
    const metrics = await read();
    for (const name of ['roster_messages_waiting', 'roster_messages_waiting_oldest_seconds']) {
      assert.ok(metrics.has(name), name);
    }
    assert.ok(metrics.has('roster_erasures_open', { state: 'overdue' }));
    assert.ok(metrics.has('roster_erasures_open_oldest_seconds'));
    assert.ok(metrics.has('roster_revocations_waiting', { provider: 'demo', state: 'pending' }));
    assert.ok(metrics.has('roster_revocations_waiting_oldest_seconds', { provider: 'demo' }));
  });

  test('identify no person: no id, no address, no requested path, no key', async () => {
    const email = 'margit.olsen@example.com';
    const bearer = roster.organization.apiKeys.admin;
    const person = await addPerson(roster, { email, phone: '+15550001122', firstName: 'Margit' });
    await roster.call(`GET /sonar/v1/users/${person.userId}`, { bearer });
    await roster.call(`GET /sonar/v1/users/margit-olsen?email=${email}`, { bearer });
    await roster.call(`DELETE /sonar/v1/users/${person.userId}`, { bearer });
    await fetch(`${roster.baseUrl}/margit-olsen/${person.userId}`);
    const { text } = await read();
    const secrets = [
      email,
      'argit',
      '5550001122',
      person.userId,
      bareId(person.userId),
      person.session,
      bearer,
    ];
    for (const secret of [...secrets, roster.organization.id, roster.organization.app.appId, '127.0.0.1']) {
      assert.ok(!text.includes(secret), secret);
    }
    assert.doesNotMatch(text, /@|="[^"]*[0-9a-f]{16}/);
  });

  test('are served at /metrics of a separate listener alone, and change no answer to callers', async () => {
    const status = async (url: string, init: RequestInit = {}) => (await fetch(url, init)).status;
    assert.equal(await status(metricsUrl(port), { method: 'HEAD' }), 200);
    assert.equal(await status(metricsUrl(port), { method: 'POST' }), 405);
    assert.equal(await status(`http://127.0.0.1:${port}/`), 404);
    assert.equal(await status(`http://127.0.0.1:${port}/v1/users`), 404);

    const without = await startRoster();
    try {
      const shown = async ({ baseUrl }: Roster, path: string) => {
        const answer = await fetch(baseUrl + path);
        const own = ['date', 'x-request-id'];
        const headers = [...answer.headers].filter(([name]) => !own.includes(name));
        const id = answer.headers.get('x-request-id') ?? '';
        // Documents name the server by its public URL, whose host is `localhost`.
        const ownPort = `:${new URL(baseUrl).port}`;
        const text = (await answer.text()).replaceAll(id, 'ID').replaceAll(ownPort, ':PORT');
        return { status: answer.status, headers, text };
      };
      for (const path of [
        '/metrics',
        '/v1/users',
        '/general/v1/users/1',
        '/healthz',
        '/openapi/sonar.json',
      ]) {
        assert.deepEqual(await shown(roster, path), await shown(without, path), path);
      }
      assert.equal((await shown(roster, '/metrics')).status, 404);
    } finally {
      await without.close();
    }
  });
});
