/** The database goes away and comes back while Roster runs. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { slowTest as test } from '../support/effort.ts';
import { findPort } from '../support/machine/port.ts';
import { createDatabase, type PostgresServer, startPostgres } from '../support/postgres/postgres.ts';
import type { Ask, Reply } from '../support/server/http.ts';
import { type Metrics, readMetrics } from '../support/server/metrics.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const limitSeconds = 1;
/** The limits of a connection and of a statement, and the delay of a busy machine. */
const answerMaxMs = 2 * limitSeconds * 1_000 + 2_000;

describe('while PostgreSQL is away', () => {
  let server: PostgresServer;
  let roster: Roster;
  let env: Readonly<Record<string, string>>;
  let bearer: string;
  let metricsPort: number;

  before(async () => {
    server = await startPostgres();
    metricsPort = await findPort();
    const { url } = await createDatabase(server);
    env = {
      DATABASE_URL: url,
      ROSTER_DATABASE_CONNECT_SECONDS: String(limitSeconds),
      ROSTER_DATABASE_STATEMENT_SECONDS: String(limitSeconds),
    };
    roster = await startRoster({ env: { ...env, ROSTER_METRICS_PORT: String(metricsPort) } });
    bearer = roster.organization.apiKeys.admin;
  });
  after(async () => {
    await roster.close();
    await server.close();
  });
  afterEach(() => untilReady());

  const createUser = (ask: Ask = {}) => roster.call('POST /sonar/v1/users', { bearer, ...ask });
  const readyz = async () => (await fetch(`${roster.baseUrl}/readyz`)).status;

  async function untilReady(): Promise<void> {
    const deadline = performance.now() + 60_000;
    while ((await readyz()) !== 200) {
      assert.ok(performance.now() < deadline, 'the server did not find the way back');
      await sleep(20);
    }
  }

  /** How many milliseconds the calls took together. Each must be refused with `Retry-After`. */
  async function timeRefusals(calls: readonly Promise<Reply>[]): Promise<number> {
    const started = performance.now();
    for (const reply of await Promise.all(calls)) {
      assert.equal(reply.status, 503);
      assert.match(reply.header('retry-after'), /^[1-9]\d*$/);
    }
    return performance.now() - started;
  }

  const everyKind = () => [
    roster.call('GET /sonar/v1/users', { bearer }),
    createUser(),
    roster.call('GET /organization/api/v1/users', { bearer }),
    roster.call(`GET /humanapi/v1/apps/${roster.organization.app.appId}/users`, {
      appKey: roster.organization.app.appKey,
    }),
    roster.call('POST /general/v1/users/email_has_account', { json: { email: 'jane@example.com' } }),
  ];

  test('every contract answers 503 with Retry-After immediately, and works again when the database is back', async () => {
    const id = (await createUser()).string('data.id');
    await server.stop();
    assert.ok((await timeRefusals(everyKind())) < answerMaxMs);
    assert.equal(await readyz(), 503);
    assert.equal((await fetch(`${roster.baseUrl}/healthz`)).status, 200);
    await server.start();
    await untilReady();
    assert.equal((await roster.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 200);
    assert.equal((await createUser()).status, 201);
  });

  test('metrics are served without the values of the database, and with them when it is back', async () => {
    const untilTold = async (isTold: boolean): Promise<Metrics> => {
      const deadline = performance.now() + 60_000;
      for (;;) {
        const metrics = await readMetrics(metricsPort);
        if (metrics.has('roster_erasures_open') === isTold) return metrics;
        assert.ok(performance.now() < deadline, `told: ${!isTold}`);
        await sleep(50);
      }
    };
    const before = await untilTold(true);
    assert.ok(before.has('roster_database_connections', { use: 'changes', state: 'idle' }));
    assert.ok(before.has('roster_database_connections_waiting', { use: 'reads' }));
    await server.stop();
    await createUser();
    const during = await untilTold(false);
    assert.equal(during.sum('roster_processes'), 1);
    assert.ok(during.sum('roster_http_request_duration_seconds_count', { status: '5xx' }) > 0);
    await server.start();
    await untilTold(true);
  });

  test('a database that accepts requests and does not answer delays none beyond the limits', async () => {
    await createUser();
    const other = await startRoster({ env });
    await server.freeze();
    try {
      assert.ok((await timeRefusals(everyKind())) < answerMaxMs);
      assert.equal(await readyz(), 503);
      // Later requests do not wait for earlier ones.
      assert.ok((await timeRefusals([...everyKind(), ...everyKind()])) < answerMaxMs);
      const started = performance.now();
      await other.close();
      assert.ok(performance.now() - started < 2 * answerMaxMs, 'a process could not be stopped');
    } finally {
      await server.thaw();
    }
    await untilReady();
    assert.equal((await createUser()).status, 201);
  });

  test('a change that stood still for too long is made in another session, or refused as for an outage', async () => {
    const { key } = roster.organization;
    let stops = 0;
    const change = () =>
      roster.core.work.change(key, async (tx) => {
        await tx.users.lockActiveAdmins();
        if (stops > 0) {
          stops -= 1;
          await server.freeze();
          // The server finds this statement and its own limit for an idle transaction when it goes on.
          setTimeout(() => void server.thaw(), limitSeconds * 1_000 + 200);
        }
        return tx.users.lockActiveAdmins();
      });
    stops = 1;
    assert.equal(await change(), 0, 'once');
    stops = 2;
    await assert.rejects(change(), { code: 'unavailable' }, 'each time');
    stops = 1;
    for (const { status, ...rest } of await Promise.allSettled([change(), change()])) {
      if (status === 'rejected') assert.equal(Object(rest).reason.code, 'unavailable');
    }
  });

  test('nothing that was acknowledged is lost when the database crashes under load', async () => {
    const acknowledged: string[] = [];
    let isRunning = true;
    let refused = 0;
    const writers = Array.from({ length: 12 }, async () => {
      while (isRunning) {
        const reply = await createUser();
        if (reply.status === 201) acknowledged.push(reply.string('data.id'));
        else refused++;
        assert.ok(reply.status === 201 || reply.status === 503, `status ${reply.status}`);
      }
    });
    for (let crash = 0; crash < 3; crash++) {
      const enough = acknowledged.length + 60;
      while (acknowledged.length < enough) await sleep(5);
      await server.stop();
      await server.start();
    }
    isRunning = false;
    await Promise.all(writers);
    assert.ok(refused > 0);
    for (const id of acknowledged) {
      assert.equal((await roster.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 200);
    }
    const users = (await roster.rows.count('users')) as number;
    assert.ok(users >= acknowledged.length);
    assert.equal((await roster.call('GET /sonar/v1/users', { bearer })).number('meta.total'), users);
  });
});
