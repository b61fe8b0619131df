/**
 * A remain in any page of users or of their indexes is found and wiped, and nothing but unallocated space changes:
 * remains that SQLite leaves by itself, and remains that the test plants in every page.
 */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { User } from '../../src/core/directory/user.ts';
import { openStore } from '../../src/store/open-store.ts';
import { TextIndex } from '../../src/store/sqlite/remains/text-index.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import { addTenant, type FileStore, makeSqliteStore, newUser, type Tenant } from '../store/harness.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import {
  databaseBytes,
  pageBytes,
  plant,
  randomText,
  rangesIn,
  type UnallocatedRange,
} from './database-pages.ts';

const innerIndexType = 2;
const leafIndexType = 10;

/** The unallocated ranges that hold one of the texts. */
function rangesWith(bytes: Buffer, texts: Iterable<string>): UnallocatedRange[] {
  const index = new TextIndex(texts);
  return rangesIn(bytes).filter((range) => index.findIn(range.bytes).length > 0);
}

function changedPages(before: Buffer, after: Buffer): number {
  let changed = 0;
  for (let at = 0; at < before.length; at += pageBytes) {
    const end = at + pageBytes;
    if (before.compare(after, at, end, at, end) !== 0) changed += 1;
  }
  return changed;
}

/** Every row of users, by the table and along both indexes. */
function readUsers(file: string): unknown {
  const db = new Database(file, { readonly: true });
  try {
    return [
      db.prepare('select * from users order by seq').all(),
      db.prepare('select seq from users where email_canonical > ? order by org_key, email_canonical').all(''),
      db.prepare('select seq from users where external_id > ? order by org_key, external_id').all(''),
    ];
  } finally {
    db.close();
  }
}

async function addUsers(
  { store }: FileStore,
  tenant: Tenant,
  count: number,
  said: () => { readonly externalId: string; readonly email: string | null },
): Promise<User[]> {
  const users: User[] = [];
  while (users.length < count) {
    await store.change(tenant.orgKey, async (tx) => {
      for (let each = 0; each < 200 && users.length < count; each += 1) {
        users.push(await tx.users.insert(newUser(tenant, said())));
      }
    });
  }
  return users;
}

const textsOf = (users: readonly User[]): string[] =>
  users.flatMap(({ externalId, email }) => [externalId, email].filter((text) => text !== null));

test('copies that SQLite leaves in leaves and inner pages of an index are wiped without rebuilding the index', async () => {
  const own = await makeSqliteStore();
  try {
    const { store, dataDir } = own;
    const file = join(dataDir, databaseFile);
    const tenant = await addTenant(store);
    const there: User[] = [];
    const inLeaves = new Set<string>();
    const inInner = new Set<string>();
    // Long texts make few entries in a page, and so a deep tree of few users.
    const said = () => ({
      externalId: randomText(randomInt(8, 250)),
      email: `${randomText(randomInt(8, 200))}@example.com`,
    });
    while (inLeaves.size < 10 || inInner.size < 2) {
      there.push(...(await addUsers(own, tenant, 500, said)));
      await store.change(tenant.orgKey, async (tx) => {
        for (let each = 0; each < 200; each += 1) {
          const [user] = there.splice(randomInt(there.length), 1);
          if (user !== undefined) await tx.users.erase(user, []);
        }
      });
      assert.ok(await store.remains.flush());
      const bytes = await databaseBytes(file);
      const index = new TextIndex(textsOf(there));
      for (const range of rangesIn(bytes)) {
        const into = { [innerIndexType]: inInner, [leafIndexType]: inLeaves }[range.type];
        for (const text of index.findIn(range.bytes)) into?.add(text);
      }
    }
    const known = new Set([...inLeaves, ...inInner]);
    const gone = there.filter((user) => textsOf([user]).some((text) => known.has(text)));
    await store.change(tenant.orgKey, async (tx) => {
      for (const user of gone) assert.ok(await tx.users.erase(user, []));
    });
    assert.ok(await store.remains.flush());
    const before = await databaseBytes(file);
    const texts = new Set(textsOf(gone));
    assert.ok(rangesWith(before, texts).length > 0, 'deleting alone leaves something behind');
    const users = readUsers(file);
    assert.deepEqual(await store.remains.clear(texts), new Set());
    const after = await databaseBytes(file);
    for (const text of texts) assert.ok(!after.includes(text));
    assert.deepEqual(readUsers(file), users);
    assert.deepEqual(await store.checkIntegrity(), []);
    // Rebuilding an index would change all of its pages.
    const pages = before.length / pageBytes;
    const changed = changedPages(before, after);
    assert.ok(changed < pages / 4, `${changed} of ${pages} pages changed`);
  } finally {
    await own.dispose();
  }
});

test('a remain in any page of any table or index is wiped, for any number and length of entries, and no row changes', async () => {
  const shape = fc.record({
    users: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 1_500 })),
    textBytes: fc.constantFrom(10, 60, 250, 900),
    goneShare: fc.constantFrom(0, 0.3, 0.9, 1),
    withoutEmail: fc.constantFrom(0, 0.5, 1),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ users, textBytes, goneShare, withoutEmail }) => {
      const own = await makeSqliteStore();
      const file = join(own.dataDir, databaseFile);
      try {
        const tenant = await addTenant(own.store);
        const added = await addUsers(own, tenant, users, () => ({
          externalId: randomText(10 + Math.floor(Math.random() * textBytes)),
          email: Math.random() < withoutEmail ? null : `${randomText(20)}@example.com`,
        }));
        await own.store.change(tenant.orgKey, async (tx) => {
          for (const user of added.slice(0, Math.floor(users * goneShare))) await tx.users.erase(user, []);
        });
        await own.store.close();
        const planted = new Set([...(await plant(file)).values()].flat());
        const store = openStore({ dataDir: own.dataDir });
        try {
          const before = readUsers(file);
          assert.deepEqual(await store.remains.clear(planted), new Set());
          assert.ok(await store.remains.flush());
          const bytes = await databaseBytes(file);
          for (const text of planted) assert.ok(!bytes.includes(text));
          assert.deepEqual(readUsers(file), before);
          assert.deepEqual(await store.checkIntegrity(), []);
          assert.equal((await store.checkCounts(tenant.orgKey)).faults, 0);
        } finally {
          await store.close();
        }
      } finally {
        await rm(own.dataDir, { recursive: true, force: true });
      }
    }),
    { numRuns: effort({ short: 5, long: 12 }) },
  );
});
