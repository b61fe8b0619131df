/**
 * The faults of a replicated database, each under sixteen writers of all kinds and followed by the law (`law.ts`). Two processes
 * of Roster serve: one has the addresses of all servers, the other one goes through pgbouncer and HAProxy. `run.ts` starts this
 * file in the namespace of a host.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Directory, openDirectory } from '../../src/app/open-directory.ts';
import { readConfig } from '../../src/config/config.ts';
import { PostgresPool } from '../../src/store/postgres/pool.ts';
import type { Settings } from '../cli/command-host.ts';
import { endStarted, makeFolder, removeFolder, roster, type Serving, serve } from '../cli/program.ts';
import { Cluster, ttl, until } from './cluster.ts';
import type { Host } from './hosts.ts';
import { checkLaw } from './law.ts';
import { startWriters, type Writers } from './writers.ts';

interface Fault {
  readonly fault: () => Promise<void>;
  readonly repair?: () => Promise<void>;
  readonly isBrief?: boolean;
}

const outageMaxMs = (ttl + 5) * 1_000;
const settings: Settings = {
  ROSTER_SECRET: 'a-secret-of-processes-in-a-cluster-41',
  ROSTER_LOG_LEVEL: 'silent',
  ROSTER_LIMIT_SIGNUP: '1000000',
  ROSTER_LIMIT_SESSION: '1000000',
  ROSTER_LIMIT_CONFIRMATION: '1000000',
  ROSTER_LIMIT_ADDRESS_HOUR: '1000000',
  ROSTER_LIMIT_ADDRESS_DAY: '1000000',
  ROSTER_LIMIT_ACCOUNT_HOUR: '1000000',
};

describe('a cluster', { timeout: 840_000 }, () => {
  const cluster = new Cluster(JSON.parse(process.env['ROSTER_CLUSTER'] ?? ''));
  const servers: Serving[] = [];
  const urls: (string | null)[] = [];
  let folder: string;
  let readerFolder: string;
  let directory: Directory;
  let writers: Writers;
  let organization: string;

  before(async () => {
    await cluster.start();
    folder = await makeFolder();
    readerFolder = await makeFolder();
    for (const at of [0, 1]) {
      const server = await serve(folder, settingsOf(at));
      servers.push(server);
      urls.push(server.url);
    }
    const [first] = servers;
    assert.ok(first !== undefined);
    organization = first.output.text('organization.id');
    const { config, secrets } = readConfig({ ...settingsOf(0), ROSTER_DATA_DIR: readerFolder });
    directory = await openDirectory({ config, secrets });
    writers = startWriters({ urls, bearer: first.output.text('apiKey'), directory, runImport });
    await moreFrom([0, 1], 20);
  });
  after(async () => {
    await writers?.stop();
    await directory?.close();
    for (const server of servers) await server.stop('SIGTERM');
    endStarted();
    for (const each of [folder, readerFolder]) if (each !== undefined) await removeFolder(each);
  });

  function settingsOf(at: number): Settings {
    return { ...settings, DATABASE_URL: at === 0 ? cluster.hostsUrl : cluster.poolerUrl };
  }

  async function runImport(name: string, rows: number): Promise<string | null> {
    const file = join(readerFolder, `${name}.csv`);
    const lines = Array.from({ length: rows }, (_, row) => `${name} ${row}`);
    await writeFile(file, `external_id\n${lines.join('\n')}\n`);
    const words = ['import', file, '--org', organization, '--resume', name, '--json'];
    const { exitCode, stderr } = await roster(readerFolder, words, settingsOf(0));
    return exitCode === 0 ? null : `${exitCode} ${stderr.slice(-200)}`;
  }

  /** Waits until each of the servers has acknowledged so many changes more. */
  async function moreFrom(which: readonly number[], count: number): Promise<void> {
    const { acknowledged } = writers.promised;
    const enough = which.map((at) => (acknowledged[at]?.length ?? 0) + count);
    await until(`${count} more changes are acknowledged`, 120_000, async () =>
      which.every((at, index) => (acknowledged[at]?.length ?? 0) >= (enough[index] ?? 0)),
    );
  }

  /**
   * Makes a fault, waits until both servers acknowledge changes for a while again, repairs it, and tells the longest time in
   * which a server acknowledged nothing. With `isBrief` the fault ends by itself, and the time counts from its end.
   */
  async function outageOf(
    fault: () => Promise<void>,
    { repair = async () => {}, isBrief = false }: Omit<Fault, 'fault'>,
  ): Promise<number[]> {
    const { acknowledged } = writers.promised;
    await moreFrom([0, 1], 10);
    let begun = performance.now();
    await fault();
    if (isBrief) begun = performance.now();
    await sleep(1_000);
    await moreFrom([0, 1], 30);
    await repair();
    await cluster.untilWhole();
    await moreFrom([0, 1], 30);
    const ended = performance.now();
    return acknowledged.map((times) => {
      const known = [begun, ...times.filter((time) => time >= begun), ended];
      return Math.max(...known.slice(1).map((time, at) => time - (known[at] ?? 0)));
    });
  }

  function isCase(title: string, name: string, { fault, ...rest }: Fault): void {
    test(title, { timeout: 300_000 }, async (context) => {
      const outages = await outageOf(fault, rest);
      const seconds = outages.map((ms) => (ms / 1_000).toFixed(1));
      const { refused, lost } = writers.promised;
      context.diagnostic(
        `${name}: ${seconds[0]} s with all hosts, ${seconds[1]} s through pgbouncer (${refused} refused, ${lost} lost so far)`,
      );
      assert.deepEqual(writers.promised.wrong.slice(0, 5), []);
      for (const ms of outages) assert.ok(ms <= outageMaxMs, `${Math.round(ms)} ms`);
    });
  }

  test('named statements are kept behind pgbouncer', async () => {
    const timeouts = { connectMs: 10_000, statementMs: 10_000, lockMs: 5_000 };
    const pool = new PostgresPool({ url: cluster.poolerUrl, size: 4, timeouts });
    const { connection, end } = await pool.changes.lease();
    assert.deepEqual([connection.isDirect, connection.keepsStatements], [false, true]);
    end(false);
    await pool.close();
  });

  let host: Host;

  isCase('a planned switch-over', 'switch-over', { fault: () => cluster.switchOver() });

  isCase('a leader that is killed is replaced', 'leader killed', {
    async fault() {
      host = await cluster.leader();
      host.kill();
    },
    repair: async () => cluster.startDatabase(host),
  });

  isCase('a leader that is frozen is replaced', 'leader frozen', {
    async fault() {
      host = await cluster.leader();
      host.freeze();
    },
    repair: async () => host.thaw(),
  });

  isCase('a leader that is cut off is replaced', 'leader cut off', {
    async fault() {
      host = await cluster.leader();
      host.cutOff();
    },
    repair: async () => host.join(),
  });

  isCase('a synchronous standby that is frozen is replaced', 'synchronous standby frozen', {
    async fault() {
      host = await cluster.synchronousStandby();
      host.freeze();
    },
    repair: async () => host.thaw(),
  });

  // PostgreSQL goes on while its log has room, so Patroni has no reason to replace it.
  isCase('a leader whose disk is full goes on when it has room again', 'disk full, after the end', {
    isBrief: true,
    async fault() {
      host = await cluster.leader();
      host.fillDisk();
      await sleep(15_000);
      host.freeDisk();
    },
  });

  isCase('etcd that is away', 'etcd away', {
    async fault() {
      cluster.etcd.freeze();
      await sleep(outageMaxMs);
    },
    repair: async () => cluster.etcd.thaw(),
  });

  isCase('a pgbouncer that is restarted', 'pgbouncer restarted', {
    async fault() {
      await cluster.stopPooler();
      await cluster.startPooler();
    },
  });

  isCase('processes that are restarted one after the other', 'processes restarted', {
    async fault() {
      for (const at of [0, 1]) {
        urls[at] = null;
        await servers[at]?.stop(at === 0 ? 'SIGKILL' : 'SIGTERM');
        const server = await serve(folder, settingsOf(at));
        servers[at] = server;
        urls[at] = server.url;
      }
    },
  });

  test('all that was acknowledged is there, once, and nothing else', {
    timeout: 300_000,
  }, async (context) => {
    await writers.stop();
    const { promised } = writers;
    context.diagnostic(
      `${promised.users.size} users, ${promised.deleted.size} deleted, ${promised.sessions.length} sessions, ${promised.confirmed.length} codes, ${promised.imports.size} imports`,
    );
    await checkLaw({ folder, settings: settingsOf(0), promised, url: urls[0] ?? '' });
  });
});
