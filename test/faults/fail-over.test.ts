/**
 * A real leader with a hot standby, and Roster with the addresses of both: the leader fails and the standby takes over, the
 * leader takes no changes, and the standby does not confirm.
 */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { withMigrationTarget } from '../../src/store/postgres/migration.ts';
import { PostgresPool } from '../../src/store/postgres/pool.ts';
import { slowTestMs, slowTest as test } from '../support/effort.ts';
import { findPort } from '../support/machine/port.ts';
import {
  createDatabase,
  type OwnDatabase,
  type PostgresPair,
  queryAt,
  startPair,
} from '../support/postgres/postgres.ts';
import type { Reply } from '../support/server/http.ts';
import { readMetrics } from '../support/server/metrics.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const slow = { timeout: slowTestMs };
const limitSeconds = 2;
const timeouts = { connectMs: 30_000, statementMs: 10_000, lockMs: 1_000 };

describe('a leader with a standby', () => {
  let pair: PostgresPair;
  let database: OwnDatabase;
  let roster: Roster;
  let bearer: string;
  let metricsPort: number;
  /** With the standby first, so that it is passed over. */
  let url: string;

  before(async () => {
    pair = await startPair();
    database = await createDatabase(pair.leader);
    const name = new URL(database.url).pathname;
    const { username, password, host } = new URL(pair.leader.url);
    url = `postgres://${username}:${password}@${new URL(pair.standby.url).host},${host}${name}?target_session_attrs=read-write`;
    metricsPort = await findPort();
    roster = await startRoster({
      env: {
        ROSTER_METRICS_PORT: String(metricsPort),
        DATABASE_URL: url,
        DATABASE_READ_URL: `postgres://${username}:${password}@${new URL(pair.standby.url).host}${name}`,
        ROSTER_DATABASE_CONNECT_SECONDS: '4',
        ROSTER_DATABASE_STATEMENT_SECONDS: String(limitSeconds),
      },
    });
    bearer = roster.organization.apiKeys.admin;
  }, slow);
  after(async () => {
    await roster?.close();
    await pair?.leader.close();
  }, slow);

  const createUser = (key: string = crypto.randomUUID()) =>
    roster.call('POST /sonar/v1/users', { bearer, headers: { 'Idempotency-Key': key } });
  const deleteUser = (id: string) => roster.call(`DELETE /sonar/v1/users/${id}`, { bearer });

  function isRefused(reply: Reply): boolean {
    if (reply.status !== 503) return false;
    assert.match(reply.header('retry-after'), /^[1-9]\d*$/);
    return true;
  }

  /** Makes the call again until it is not refused. */
  async function untilAnswered(call: () => Promise<Reply>): Promise<Reply> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      const reply = await call();
      if (!isRefused(reply)) return reply;
      assert.ok(performance.now() < deadline, 'the outage did not end');
      await sleep(20);
    }
  }

  /** Whether commits wait for the standby. */
  async function setSynchronous(isOn: boolean): Promise<void> {
    await database.query(`alter system set synchronous_standby_names = '${isOn ? 'standby' : ''}'`);
    await database.query('select pg_reload_conf()');
    const deadline = performance.now() + 60_000;
    const wanted = isOn ? 'sync' : 'async';
    while (
      (await database.query('select sync_state from pg_stat_replication'))[0]?.['sync_state'] !== wanted
    ) {
      assert.ok(performance.now() < deadline, 'the standby did not follow');
      await sleep(20);
    }
  }

  test('the standby is passed over by requests, migrations and readiness', async () => {
    assert.equal((await untilAnswered(() => createUser())).status, 201);
    assert.equal((await fetch(`${roster.baseUrl}/readyz`)).status, 200);
    assert.ok((await withMigrationTarget({ url, connectMs: 30_000 }, (target) => target.version())) > 0);
    const alone = new PostgresPool({ url: `${pair.standby.url}`, size: 4, timeouts });
    await assert.rejects(alone.changes.lease(), { code: '08006' });
    await alone.close();
  });

  /** Creates a user, and looks for it in the newest event of the audit log, which a standby may tell. */
  async function createAndLook(): Promise<void> {
    const id = (await untilAnswered(() => createUser())).string('data.id');
    const reply = await untilAnswered(() =>
      roster.call('GET /sonar/v1/audit_events?page_size=1', { bearer }),
    );
    assert.equal(reply.string('data.0.subject.id'), id);
  }
  /** How many reads that may be late the server has answered. */
  const readsOn = async (server: 'standby' | 'leader') =>
    (await readMetrics(metricsPort)).sum('roster_late_reads_total', { server });

  test('the audit log comes from the standby, and has what was acknowledged before', async () => {
    const deadline = performance.now() + 60_000;
    do {
      assert.ok(performance.now() < deadline, 'the standby is not asked');
      await createAndLook();
    } while ((await readsOn('standby')) === 0);
    for (let times = 0; times < 10; times += 1) await createAndLook();
  });

  test('the leader answers while the standby is behind', async () => {
    const before = await readsOn('leader');
    await queryAt(pair.standby.url, 'select pg_wal_replay_pause()');
    try {
      await createAndLook();
      assert.ok((await readsOn('leader')) > before);
    } finally {
      await queryAt(pair.standby.url, 'select pg_wal_replay_resume()');
    }
  });

  test('the leader answers while the standby is frozen, and while it is away', async () => {
    for (const [end, begin] of [
      ['freeze', 'thaw'],
      ['stop', 'start'],
    ] as const) {
      await pair.standby[end]();
      for (let times = 0; times < 3; times += 1) await createAndLook();
      await pair.standby[begin]();
    }
  });

  test('a frozen standby before the leader costs a moment', async () => {
    await pair.standby.freeze();
    const pool = new PostgresPool({ url, size: 4, timeouts });
    try {
      const { connection, end } = await pool.changes.lease();
      const [row] = await connection.ask<{ recovers: number }>('select pg_is_in_recovery()::int as recovers');
      end(false);
      assert.equal(row?.recovers, 0);
    } finally {
      await pair.standby.thaw();
      await pool.close();
    }
  });

  test('a leader that takes no changes any more is an outage, and is used when it takes them again', async () => {
    await untilAnswered(() => createUser());
    await database.query('alter system set default_transaction_read_only = on');
    await database.query('select pg_reload_conf()');
    try {
      const deadline = performance.now() + 60_000;
      // The server reads its configuration a moment later.
      for (let isOver = false; !isOver; ) {
        const reply = await createUser();
        isOver = isRefused(reply);
        if (!isOver) assert.equal(reply.status, 201);
        assert.ok(performance.now() < deadline, 'the leader takes changes');
      }
      assert.equal((await fetch(`${roster.baseUrl}/readyz`)).status, 503);
    } finally {
      await database.query('alter system reset default_transaction_read_only');
      await database.query('select pg_reload_conf()');
    }
    assert.equal((await untilAnswered(() => createUser())).status, 201);
  });

  /** Ends the waits for the standby while the call is made, as an administrator does. */
  async function whileWaitsEnd(end: 'cancel' | 'terminate', call: () => Promise<Reply>): Promise<Reply> {
    const calling = call();
    let isAnswered = false;
    const answered = calling.finally(() => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await database.query(
        `select pg_${end}_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
      );
      await sleep(20);
    }
    return answered;
  }

  for (const end of ['cancel', 'terminate'] as const) {
    test(`a change is not acknowledged where its wait for the standby is ended (${end}), nor by a next try meanwhile`, async () => {
      await setSynchronous(true);
      const gone = (await untilAnswered(() => createUser())).string('data.id');
      const count = async () =>
        Number((await database.query('select count(*) as count from users'))[0]?.['count']);
      const before = await count();
      const key = crypto.randomUUID();
      await pair.standby.freeze();
      try {
        const [made, ended] = await Promise.all([
          whileWaitsEnd(end, () => createUser(key)),
          whileWaitsEnd(end, () => deleteUser(gone)),
        ]);
        assert.ok(isRefused(made) && isRefused(ended), 'acknowledged, and on the leader alone');
        assert.equal(await count(), before, 'both changes are there, on the leader alone');
        // What the first tries have left is there to be read.
        const again = await Promise.all([createUser(key), deleteUser(gone)]);
        assert.ok(again.every(isRefused), 'a next try is acknowledged, and on the leader alone');
      } finally {
        await pair.standby.thaw();
      }
      const settled = await untilAnswered(() => createUser(key));
      assert.equal(settled.status, 201);
      assert.ok((await untilAnswered(() => deleteUser(gone))).status < 500);
      assert.equal((await untilAnswered(() => createUser(key))).string('data.id'), settled.string('data.id'));
      assert.equal(await count(), before);
      await setSynchronous(false);
    });
  }

  test('when the leader fails under load, the standby has everything that was acknowledged, once', async () => {
    await setSynchronous(true);
    const acknowledged = new Map<string, string>();
    let refused = 0;
    let isRunning = true;
    const writers = Array.from({ length: 8 }, async () => {
      while (isRunning) {
        const key = crypto.randomUUID();
        const reply = await untilAnswered(async () => {
          const each = await createUser(key);
          if (each.status === 503) refused += 1;
          return each;
        });
        assert.equal(reply.status, 201);
        assert.equal(acknowledged.has(key), false);
        acknowledged.set(key, reply.string('data.id'));
      }
    });
    const more = async (count: number) => {
      const enough = acknowledged.size + count;
      await until(() => acknowledged.size >= enough);
    };
    await more(30);
    // Frozen, so that connections stay open and no answer comes.
    await pair.leader.freeze();
    await until(() => refused > 0);
    await pair.promote();
    // The former leader was the standby of the new one: there is none now.
    const standby = { ...database, url: pair.standby.url };
    await queryAt(standby.url, 'alter system reset synchronous_standby_names');
    await queryAt(standby.url, 'select pg_reload_conf()');
    await more(30);
    isRunning = false;
    await Promise.all(writers);
    assert.ok(refused > 0);
    assert.equal(new Set(acknowledged.values()).size, acknowledged.size);
    for (const id of acknowledged.values()) {
      assert.equal((await roster.call(`GET /sonar/v1/users/${id}`, { bearer })).status, 200);
    }
    await pair.leader.thaw();
  });
});

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!isSo()) {
    assert.ok(performance.now() < deadline, 'the state did not come');
    await sleep(5);
  }
}
