/**
 * Roster behind the real pgbouncer in transaction mode: two processes have more connections to it than it has to the
 * server, and each transaction runs on one that is free.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PostgresPool } from '../../src/store/postgres/pool.ts';
import { findPort } from '../support/machine/port.ts';
import { ensureProgram, reasonToSkip, type WantedProgram } from '../support/machine/program.ts';
import type { OwnDatabase } from '../support/postgres/postgres.ts';
import { createMigratedDatabase } from '../support/server/prepared.ts';
import { type Roster, startRoster } from '../support/server/start.ts';

const serversMax = 3;
const many = 60;
/** The minor version from which pgbouncer keeps named statements without a setting. */
const keepsFrom = 24;
/** pgbouncer refuses to run as root. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const pgbouncer: WantedProgram = { name: 'pgbouncer', places: ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'] };

describe('behind pgbouncer', { skip: reasonToSkip(pgbouncer) }, () => {
  let database: OwnDatabase;
  let folder: string;
  let port: number;
  let pooler: ChildProcess;
  let here: Roster;
  let there: Roster;
  let bearer: string;

  before(async () => {
    database = await createMigratedDatabase();
    folder = mkdtempSync(join(tmpdir(), 'roster-pgbouncer-'));
    chmodSync(folder, 0o755);
    port = await findPort();
    const server = new URL(database.url);
    const name = server.pathname.slice(1);
    const password = server.password === '' ? '' : ` password=${server.password}`;
    const settings = [
      '[databases]',
      `${name} = host=${server.hostname} port=${server.port} dbname=${name} user=${server.username}${password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      `default_pool_size = ${serversMax}`,
    ];
    writeFileSync(join(folder, 'pgbouncer.ini'), `${settings.join('\n')}\n`);
    pooler = await startPooler();
    const env = {
      DATABASE_URL: `postgres://roster:unused@127.0.0.1:${port}/${name}`,
      ROSTER_DATABASE_CONNECT_SECONDS: '2',
    };
    here = await startRoster({ env });
    there = await startRoster({ env, folder: here.folder, clock: here.clock });
    bearer = here.organization.apiKeys.admin;
  });
  after(async () => {
    await there?.close();
    await here?.close();
    pooler?.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    await database.drop();
  });

  async function startPooler(): Promise<ChildProcess> {
    const child = spawn(ensureProgram(pgbouncer), ['-q', join(folder, 'pgbouncer.ini')], {
      ...nobody,
      stdio: 'ignore',
    });
    for (;;) {
      assert.equal(child.exitCode, null, 'pgbouncer did not start');
      const socket = connect(port, '127.0.0.1');
      const isOpen = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isOpen) return child;
      await sleep(10);
    }
  }

  const at = (index: number): Roster => (index % 2 === 0 ? here : there);
  const total = async (roster: Roster): Promise<number> =>
    (await roster.call('GET /sonar/v1/users', { bearer })).number('meta.total');

  test('many users who are created and deleted at the same time through two processes are stored and counted', async () => {
    const before = await total(here);
    const made = await Promise.all(
      Array.from({ length: many }, (_, index) => at(index).call('POST /sonar/v1/users', { bearer })),
    );
    const ids = made.map((reply) => reply.string('data.id'));
    assert.equal(await total(there), before + many);
    const found = await Promise.all(
      ids.map((id, index) => at(index + 1).call(`GET /sonar/v1/users/${id}`, { bearer })),
    );
    assert.deepEqual(
      found.map((reply) => reply.string('data.id')),
      ids,
    );
    const lists = await Promise.all(ids.map((_, index) => total(at(index))));
    assert.deepEqual(new Set(lists), new Set([before + many]));
    const gone = await Promise.all(
      ids.map((id, index) => at(index).call(`DELETE /sonar/v1/users/${id}`, { bearer })),
    );
    assert.ok(gone.every(({ status }) => status === 204));
    assert.equal(await total(here), before);
  });

  test('the processes share fewer connections to the server than they have', async () => {
    const [row] = await database.query(
      // A machine of a Citus cluster has connections of its own to the others.
      `select count(*) as open from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and application_name not like 'citus%'`,
    );
    assert.ok(Number(row?.['open']) <= serversMax, `${row?.['open']} connections`);
  });

  test('statements have names where pgbouncer keeps them, and none elsewhere', async () => {
    const [, minor] =
      /PgBouncer 1\.(\d+)/.exec(
        execFileSync(ensureProgram(pgbouncer), ['--version'], { encoding: 'utf8' }),
      ) ?? [];
    const url = `postgres://roster:unused@127.0.0.1:${port}${new URL(database.url).pathname}`;
    const pool = new PostgresPool({
      url,
      size: 4,
      timeouts: { connectMs: 10_000, statementMs: 10_000, lockMs: 1_000 },
    });
    // The second one finds on the server what the first one has left.
    const leases = [await pool.changes.lease(), await pool.changes.lease()];
    const kept = leases.map(({ connection }) => connection.keepsStatements);
    for (const { end } of leases) end(false);
    await pool.close();
    assert.deepEqual(kept, [Number(minor) >= keepsFrom, Number(minor) >= keepsFrom]);
  });

  test('commits wait for the disk where the account has another setting', async () => {
    const account = new URL(database.url).username;
    await database.query(`alter role ${account} set synchronous_commit = off`);
    try {
      for (const url of [
        database.url,
        `postgres://roster:unused@127.0.0.1:${port}${new URL(database.url).pathname}`,
      ]) {
        const pool = new PostgresPool({
          url,
          size: 4,
          timeouts: { connectMs: 10_000, statementMs: 10_000, lockMs: 1_000 },
        });
        const { connection, end } = await pool.changes.lease();
        await connection.begin();
        const [row] = await connection.ask<{ value: string }>(
          `select current_setting('synchronous_commit') as value`,
        );
        await connection.control('commit');
        end(false);
        await pool.close();
        assert.equal(row?.value, 'on');
      }
    } finally {
      await database.query(`alter role ${account} reset synchronous_commit`);
    }
  });

  test('one Idempotency-Key makes one user', async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        at(index).call('POST /sonar/v1/users', { bearer, headers: { 'Idempotency-Key': 'the-only-one' } }),
      ),
    );
    const made = replies.filter(({ status }) => status === 201).map((reply) => reply.string('data.id'));
    assert.equal(new Set(made).size, 1);
    assert.ok(replies.every(({ status }) => status === 201 || status === 409));
  });

  test('a stopped pgbouncer is an outage like any other, and one that is back is used', async () => {
    const ended = once(pooler, 'exit');
    pooler.kill('SIGKILL');
    await ended;
    const reply = await here.call('POST /sonar/v1/users', { bearer });
    assert.equal(reply.status, 503);
    assert.match(reply.header('retry-after'), /^[1-9]\d*$/);
    assert.equal((await fetch(`${here.baseUrl}/readyz`)).status, 503);
    pooler = await startPooler();
    const deadline = performance.now() + 60_000;
    for (const roster of [here, there]) {
      while ((await fetch(`${roster.baseUrl}/readyz`)).status !== 200) {
        assert.ok(performance.now() < deadline, 'a process did not find the way back');
        await sleep(20);
      }
      assert.equal((await roster.call('POST /sonar/v1/users', { bearer })).status, 201);
    }
  });
});
