/** Reads on a server that is no standby of the leader, or is none any more: the leader answers them. */
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { User } from '../../../src/core/directory/user.ts';
import { openStore } from '../../../src/store/open-store.ts';
import { findLeader } from '../../../src/store/postgres/hosts.ts';
import type { Store } from '../../../src/store/store.ts';
import { slowTestMs, slowTest as test } from '../../support/effort.ts';
import {
  createDatabase,
  type OwnDatabase,
  type PostgresPair,
  queryAt,
  startPair,
} from '../../support/postgres/postgres.ts';
import { addTenant, newUser, type Tenant } from '../harness.ts';

describe('reads on a standby', () => {
  let pair: PostgresPair;
  let database: OwnDatabase;
  let store: Store;
  let tenant: Tenant;
  let user: User;

  before(
    async () => {
      pair = await startPair();
      database = await createDatabase(pair.leader);
      store = openStore({ databaseUrl: database.url });
      await store.migrate();
      tenant = await addTenant(store);
      user = await store.change(tenant.orgKey, (tx) => tx.users.insert(newUser(tenant)));
    },
    { timeout: slowTestMs },
  );
  after(async () => {
    await store?.close();
    await pair?.leader.close();
  });

  /** The address of the database on the standby of the pair. */
  const onStandby = (of: PostgresPair, { pathname } = new URL(database.url)) => {
    const url = new URL(of.standby.url);
    url.pathname = pathname;
    return url;
  };

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!(await isSo().catch(() => false))) {
      assert.ok(performance.now() < deadline, 'the state did not come');
      await sleep(20);
    }
  }

  /** Reads the user with that address of the standby. Returns who answered, and the kind of the outage that was told. */
  async function readAt(url: URL): Promise<{ standby: number; outage: string | null }> {
    let outage: string | null = null;
    const reader = openStore({
      databaseUrl: database.url,
      readUrl: String(url),
      onStandbyOutage: (error) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
        outage = cause instanceof Error ? cause.name : String(cause);
      },
    });
    try {
      const found = await reader.read(tenant.orgKey, (tx) => tx.users.find({ id: user.id }), {
        mayBeLate: true,
      });
      assert.equal(found?.id, user.id);
      return { standby: reader.measurements().lateReads?.standby ?? 0, outage };
    } finally {
      await reader.close();
    }
  }

  test('come from it where it is the standby of this database', async () => {
    await until(async () => (await readAt(onStandby(pair))).standby === 1);
  });

  test('come from the leader where the address names another database of the same server', async () => {
    const other = await createDatabase(pair.leader);
    const empty = openStore({ databaseUrl: other.url });
    await empty.migrate();
    await empty.close();
    const url = onStandby(pair, new URL(other.url));
    await until(async () => (await queryAt(String(url), 'select from schema_migrations')).length > 0);
    assert.deepEqual(await readAt(url), { standby: 0, outage: 'ForeignStandbyError' });
  });

  test('come from the leader where the address names the standby of another server, however far its log is', async () => {
    const others = await startPair();
    try {
      const { pathname } = new URL(database.url);
      await queryAt(others.leader.url, `create database ${pathname.slice(1)}`);
      const url = new URL(others.leader.url);
      url.pathname = pathname;
      const empty = openStore({ databaseUrl: String(url) });
      await empty.migrate();
      await empty.close();
      const end = String((await database.query('select pg_current_wal_lsn()::text as at'))[0]?.['at']);
      const isBehind = async () =>
        (await queryAt(String(url), `select where pg_current_wal_lsn() <= '${end}'::pg_lsn`)).length > 0;
      while (await isBehind()) await queryAt(String(url), 'select pg_switch_wal(), txid_current()');
      const standby = onStandby(others);
      await until(
        async () =>
          (await queryAt(String(standby), `select where pg_last_wal_replay_lsn() > '${end}'::pg_lsn`))
            .length > 0,
      );
      assert.deepEqual(await readAt(standby), { standby: 0, outage: 'ForeignStandbyError' });
    } finally {
      await others.leader.close();
    }
  });

  test('come from the leader where the account may not read on the standby', async () => {
    await database.query("create role reader login password 'reader'");
    const url = onStandby(pair);
    url.username = 'reader';
    url.password = 'reader';
    await until(async () => (await queryAt(String(url), 'select 1')).length > 0);
    assert.deepEqual(await readAt(url), { standby: 0, outage: 'error' });
  });

  test('a search names what a server refuses before it names a standby', async () => {
    const { host } = new URL(database.url);
    const url = new URL(database.url);
    url.username = 'unknown';
    const hosts = String(url).replace(host, `${host},${new URL(pair.standby.url).host},127.0.0.1:1`);
    await assert.rejects(findLeader({ url: hosts, connectMs: 10_000 }), ({ cause }: Error) => {
      assert.match(String((cause as Error).message), /unknown/);
      return true;
    });
  });

  test('come from the new leader at once where the standby has taken over, and it is no standby any more', async () => {
    const url = onStandby(pair);
    const reader = openStore({ databaseUrl: String(url), readUrl: String(url) });
    const late = () =>
      reader.read(tenant.orgKey, (tx) => tx.users.find({ id: user.id }), { mayBeLate: true });
    await pair.promote();
    await until(async () => (await late())?.id === user.id);
    await queryAt(String(url), 'checkpoint');
    assert.equal((await late())?.id, user.id);
    assert.equal(reader.measurements().lateReads?.standby, 0);
    await reader.close();
  });
});
