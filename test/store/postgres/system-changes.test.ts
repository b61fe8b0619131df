/** Changes that belong to no organization: which of them run at the same time, in one process and in several. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client } from 'pg';
import type { SystemChangeOptions, SystemTx } from '../../../src/core/unit-of-work.ts';
import { shardedLock } from '../../../src/store/postgres/sharding/named-lock.ts';
import type { Store } from '../../../src/store/store.ts';
import { citus } from '../../support/postgres/postgres.ts';
import { makePostgresStore, type PostgresOwnStore } from '../harness.ts';

const quotas = [{ limit: 1, windowMs: 1_000 }];

describe('system changes on PostgreSQL', () => {
  let own: PostgresOwnStore;
  let other: Store;

  before(async () => {
    own = await makePostgresStore();
    other = own.openAgain();
  });
  after(async () => {
    await other.close();
    await own.dispose();
  });

  /** The largest number of changes that ran at the same time, of many through two processes. */
  async function mostAtOnce(options: SystemChangeOptions): Promise<number> {
    let running = 0;
    let most = 0;
    const work = async (tx: SystemTx): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      for (let read = 0; read < 5; read += 1) await tx.organizations.list();
      running -= 1;
    };
    const both = [own.store, other];
    const changes = Array.from({ length: 8 }, () =>
      both.map((store) => store.changeSystem('operator', work, options)),
    );
    await Promise.all(changes.flat());
    return most;
  }

  test('exclusive ones never run at the same time, in all processes', async () => {
    assert.equal(await mostAtOnce({ isExclusive: true }), 1);
  });

  test('one that a request waits for does not wait behind one of a job', async () => {
    const holder = new Client({ connectionString: own.database.url });
    await holder.connect();
    try {
      await holder.query('begin');
      const name = 'throttle 0 job subject';
      if (citus === undefined)
        await holder.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
      else await holder.query(shardedLock, [name, 0]);
      let isDone = false;
      const waiting = own.store.changeSystem('job', async (tx) => {
        const wait = await tx.throttles.hit('job', 'subject', quotas, 0);
        isDone = true;
        return wait;
      });
      const hit = (tx: SystemTx) => tx.throttles.hit('request', 'subject', quotas, 0);
      assert.equal(await own.store.changeSystem('throttle', hit, { isAwaited: true }), null);
      assert.equal(isDone, false);
      await holder.query('commit');
      assert.equal(await waiting, null);
    } finally {
      await holder.end();
    }
  });
});
