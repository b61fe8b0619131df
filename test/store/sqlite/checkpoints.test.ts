import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { newUserId } from '../../../src/core/ids.ts';
import { logLeft } from '../../../src/store/sqlite/log.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import { slowTest as test } from '../../support/effort.ts';
import { addTenant, type FileStore, makeSqliteStore, newUser, type Tenant } from '../harness.ts';

const mebibyte = 1024 * 1024;

describe('the write-ahead log of the file', () => {
  let own: FileStore;
  let tenant: Tenant;

  before(async () => {
    own = await makeSqliteStore();
    tenant = await addTenant(own.store);
  });
  after(() => own.dispose());

  /** Changes one user so many times, in commits of their own. */
  const write = async (commits: number) => {
    for (let at = 0; at < commits; at++) {
      await own.store.change(tenant.orgKey, async (tx) => {
        for (let each = 0; each < 20; each++) await tx.users.insert(newUser(tenant, { id: newUserId() }));
      });
    }
  };
  const logBytes = async () => (await stat(join(own.dataDir, `${databaseFile}-wal`))).size;

  test('is copied into the file while others write, and does not grow without limit', async () => {
    let commits = 0;
    // Fewer commits than that: a longer log may be copied before, and start over each time.
    while ((await logBytes()) < 15 * mebibyte) {
      await write(20);
      commits += 20;
    }
    // Without copying it would be six times as long now.
    await write(5 * commits);
    assert.ok((await logBytes()) < 60 * mebibyte, `${await logBytes()} bytes`);
    const view = new Database(join(own.dataDir, databaseFile), { readonly: true });
    try {
      const users = view.prepare<[], number>('select count(*) from users').pluck().get();
      assert.equal(users, 6 * commits * 20);
      // The count may have delayed the copying, which is retried when there is more to copy.
      while ((logLeft(view, 'noop') ?? 0) > 4_100) {
        await write(8);
        await sleep(20);
      }
    } finally {
      view.close();
    }
  });

  test('is not copied past the state that a reader still sees, and is copied on afterwards', async () => {
    const reader = new Database(join(own.dataDir, databaseFile), { readonly: true });
    try {
      reader.exec('begin');
      const count = reader.prepare<[], number>('select count(*) from users').pluck();
      const seen = count.get();
      await write(400);
      assert.equal(count.get(), seen);
      reader.exec('commit');
      assert.ok((count.get() ?? 0) > (seen ?? 0));
      await write(400);
      while ((logLeft(reader, 'noop') ?? 0) > 4_100) {
        await write(8);
        await sleep(20);
      }
    } finally {
      reader.close();
    }
  });
});
