/**
 * The cluster: three PostgreSQL servers that Patroni keeps as a leader, a synchronous standby and a further standby, etcd, and a
 * host with HAProxy, which leads to the leader, and pgbouncer before it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { Host, type Network } from './hosts.ts';

/** Patroni's own limits, in seconds. A leader that has gone is replaced after `ttl`. */
export const ttl = 20;
const names = ['db1', 'db2', 'db3'] as const;
const password = 'a-password-of-the-cluster';

export const hostNumbers: Readonly<Record<string, number>> = {
  app: 10,
  db1: 1,
  db2: 2,
  db3: 3,
  etcd: 20,
  proxy: 30,
};

interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly lag?: number | string;
}

export class Cluster {
  readonly databases: readonly Host[];
  readonly etcd: Host;
  readonly proxy: Host;

  constructor(network: Network) {
    this.databases = names.map((name) => new Host(network, name));
    this.etcd = new Host(network, 'etcd');
    this.proxy = new Host(network, 'proxy');
  }

  /** All hosts, of which one takes changes. */
  get hostsUrl(): string {
    const hosts = this.databases.map(({ address }) => `${address}:5432`).join();
    return `postgres://roster:${password}@${hosts}/roster?target_session_attrs=read-write`;
  }

  /** pgbouncer, which goes through HAProxy. */
  get poolerUrl(): string {
    return `postgres://roster:${password}@${this.proxy.address}:6432/roster`;
  }

  async start(): Promise<void> {
    this.startEtcd();
    await until('etcd answers', 30_000, async () => {
      const answer = await fetch(`http://${this.etcd.address}:2379/health`, {
        signal: AbortSignal.timeout(1_000),
      });
      return answer.ok;
    });
    for (const host of this.databases) {
      host.write('tmp/patroni.yml', this.#patroni(host));
      this.startDatabase(host);
    }
    await this.untilWhole(180_000);
    const leader = await this.leader();
    await this.asPostgres(leader, 'postgres', [
      `create role roster login password '${password}'`,
      'create database roster owner roster',
    ]);
    this.proxy.write('tmp/haproxy.cfg', this.#haproxy());
    this.proxy.write('tmp/pgbouncer.ini', this.#pgbouncer());
    this.proxy.start('haproxy', '-db', '-f', '/tmp/haproxy.cfg');
    await this.startPooler();
  }

  startEtcd(): void {
    const { address } = this.etcd;
    const client = `http://${address}:2379`;
    const peer = 'http://127.0.0.1:2380';
    const options = {
      name: 'e',
      'data-dir': '/srv/etcd',
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `e=${peer}`,
    };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    this.etcd.start('etcd', ...words, '--unsafe-no-fsync');
  }

  startDatabase(host: Host): void {
    host.start('patroni', '/tmp/patroni.yml');
  }

  async startPooler(): Promise<void> {
    this.proxy.start('pgbouncer', '/tmp/pgbouncer.ini');
    await until('pgbouncer answers', 60_000, async () => {
      const client = new Client({ connectionString: this.poolerUrl, connectionTimeoutMillis: 2_000 });
      client.on('error', () => {});
      await client.connect();
      await client.query('select 1');
      await client.end();
      return true;
    });
  }

  async stopPooler(): Promise<void> {
    await this.proxy.run('pkill', '-KILL', '-x', 'pgbouncer');
  }

  /** What Patroni says, from the first host that answers. */
  async members(): Promise<readonly Member[]> {
    for (const { address } of this.databases) {
      try {
        const answer = await fetch(`http://${address}:8008/cluster`, { signal: AbortSignal.timeout(1_500) });
        const body: { members?: readonly Member[] } = JSON.parse(await answer.text());
        if (body.members !== undefined) return body.members;
      } catch {
        // Another host may answer.
      }
    }
    return [];
  }

  async leader(): Promise<Host> {
    return this.#hostWith('leader');
  }

  async synchronousStandby(): Promise<Host> {
    return this.#hostWith('sync_standby');
  }

  /** Waits until there is a leader, a synchronous standby and a further one, and all follow. */
  async untilWhole(limitMs = 120_000): Promise<void> {
    await until('the cluster is whole', limitMs, async () => {
      const members = await this.members();
      const roles = members.map(({ role }) => role).sort();
      const follow = members.every(({ role, state }) => role === 'leader' || state === 'streaming');
      return follow && roles.join() === 'leader,replica,sync_standby';
    });
  }

  /** A planned switch-over to the synchronous standby. */
  async switchOver(): Promise<void> {
    const [leader, candidate] = [await this.leader(), await this.synchronousStandby()];
    const answer = await fetch(`http://${leader.address}:8008/switchover`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ leader: leader.name, candidate: candidate.name }),
      signal: AbortSignal.timeout(60_000),
    });
    if (!answer.ok) throw new Error(`the switch-over was refused: ${await answer.text()}`);
  }

  async asPostgres(host: Host, database: string, statements: readonly string[]): Promise<void> {
    const client = new Client({ host: host.address, port: 5432, user: 'postgres', password, database });
    client.on('error', () => {});
    await client.connect();
    for (const text of statements) await client.query(text);
    await client.end();
  }

  async #hostWith(role: string): Promise<Host> {
    let found: Host | undefined;
    await until(`there is a ${role}`, 60_000, async () => {
      const name = (await this.members()).find((each) => each.role === role)?.name;
      found = this.databases.find((host) => host.name === name);
      return found !== undefined;
    });
    if (found === undefined) throw new Error(`there is no ${role}`);
    return found;
  }

  #patroni({ name, address }: Host): string {
    const account = (username: string) => ({ username, password });
    return JSON.stringify({
      scope: 'roster',
      name,
      restapi: { listen: `${address}:8008`, connect_address: `${address}:8008` },
      etcd3: { hosts: `${this.etcd.address}:2379` },
      bootstrap: {
        dcs: {
          ttl,
          loop_wait: 2,
          retry_timeout: 5,
          primary_start_timeout: 5,
          synchronous_mode: true,
          failsafe_mode: true,
          postgresql: {
            use_pg_rewind: true,
            parameters: {
              max_connections: 100,
              max_wal_size: '128MB',
              min_wal_size: '80MB',
              wal_keep_size: '64MB',
            },
          },
        },
        initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
      },
      postgresql: {
        listen: `${address}:5432`,
        connect_address: `${address}:5432`,
        data_dir: '/srv/data',
        bin_dir: '/usr/lib/postgresql/17/bin',
        pgpass: '/tmp/pgpass',
        pg_hba: [
          'local all all trust',
          'host all all all scram-sha-256',
          'host replication replicator all scram-sha-256',
        ],
        authentication: {
          superuser: account('postgres'),
          replication: account('replicator'),
          rewind: account('rewinder'),
        },
        parameters: { unix_socket_directories: '/tmp', shared_buffers: '32MB', log_min_messages: 'warning' },
      },
    });
  }

  #haproxy(): string {
    const servers = this.databases.map(
      ({ name, address }) => `  server ${name} ${address}:5432 check port 8008`,
    );
    return [
      'defaults',
      '  mode tcp',
      '  timeout connect 2s',
      '  timeout client 30m',
      '  timeout server 30m',
      '  timeout check 2s',
      'listen leader',
      `  bind ${this.proxy.address}:5000`,
      '  option httpchk OPTIONS /primary',
      '  http-check expect status 200',
      '  default-server inter 1s fall 3 rise 1 on-marked-down shutdown-sessions',
      ...servers,
      '',
    ].join('\n');
  }

  #pgbouncer(): string {
    return [
      '[databases]',
      `roster = host=${this.proxy.address} port=5000 dbname=roster user=roster password=${password}`,
      '[pgbouncer]',
      `listen_addr = ${this.proxy.address}`,
      'listen_port = 6432',
      'unix_socket_dir =',
      'auth_type = any',
      'pool_mode = transaction',
      'default_pool_size = 10',
      'max_prepared_statements = 200',
      'server_login_retry = 1',
      'server_connect_timeout = 3',
      'query_wait_timeout = 5',
      '',
    ].join('\n');
  }
}

/** Waits for a state. A fault while looking counts as "not yet". */
export async function until(what: string, limitMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + limitMs;
  let fault: unknown = null;
  for (;;) {
    try {
      if (await isSo()) return;
    } catch (error) {
      fault = error;
    }
    if (performance.now() >= deadline)
      throw new Error(`not within ${limitMs / 1_000} s: ${what}`, { cause: fault });
    await sleep(250);
  }
}
