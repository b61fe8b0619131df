/**
 * An erased person leaves the search blocks: no row has a token or the number of the person, and in the SQLite file the
 * pages of the blocks have none of the tokens that only this person had, not in unallocated space either.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { User } from '../../../src/core/directory/user.ts';
import { applyChanges } from '../../../src/core/directory/user-lifecycle.ts';
import { advanceErasures } from '../../../src/core/erasure/complete-erasures.ts';
import { eraseUsers } from '../../../src/core/erasure/erase-users.ts';
import { searchTextOf } from '../../../src/core/search/folding.ts';
import { tokensOf } from '../../../src/core/search/tokens.ts';
import { unpackLeaf } from '../../../src/store/search/search-leaf.ts';
import { SqlUserSearchStore } from '../../../src/store/search/user-search-store.ts';
import { descriptorOf, PageFile } from '../../../src/store/sqlite/remains/page-file.ts';
import { rootsOf } from '../../../src/store/sqlite/remains/scan.ts';
import { findInTrees } from '../../../src/store/sqlite/remains/trees.ts';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';
import { databaseBytes } from '../../erasure/database-pages.ts';
import { openDeployment } from '../../jobs/deployment.ts';
import { addTenant, databases, newUser } from '../harness.ts';

/** Texts that share few trigrams with those of others. */
function textsOf(number: number): Pick<User, 'firstName' | 'lastName' | 'email' | 'externalId'> {
  const letters = 'bcdfghjklmnpqrstvwxz';
  let state = number * 2_654_435_761;
  const word = (length: number): string =>
    Array.from({ length }, (_, at) => {
      state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + at) >>> 0;
      return letters[state % letters.length];
    }).join('');
  return { firstName: word(9), lastName: word(8), email: `${word(10)}@example.com`, externalId: word(11) };
}

const tokensOfUser = (user: User): ReadonlySet<number> => new Set(tokensOf(searchTextOf(user)));

/** The tokens that the leaves have for each number of a user. */
function tokensBySeq(leaves: readonly Readonly<Record<string, unknown>>[]): Map<number, Set<number>> {
  const bySeq = new Map<number, Set<number>>();
  for (const { block, entries } of leaves) {
    const bytes = entries instanceof Uint8Array ? entries : Buffer.from(String(entries).slice(2), 'hex');
    for (const { token, users } of unpackLeaf(bytes)) {
      for (const user of users) {
        const seq = Number(block) + user;
        bySeq.set(seq, (bySeq.get(seq) ?? new Set()).add(token));
      }
    }
  }
  return bySeq;
}

/** The bytes of all pages of the blocks. */
async function pagesOfBlocks(folder: string): Promise<readonly Buffer[]> {
  const copy = await mkdtemp(join(tmpdir(), 'roster-blocks-'));
  try {
    const file = join(copy, `${randomBytes(4).toString('hex')}.db`);
    await writeFile(file, await databaseBytes(join(folder, databaseFile)));
    const db = new Database(file);
    const pages = new PageFile(descriptorOf(file));
    const count = Number(db.pragma('page_count', { simple: true }));
    const wanted = new Set(Array.from({ length: count }, (_, at) => at + 1));
    const { pages: own } = findInTrees(pages, rootsOf(db, ['search_leaves']), { wanted });
    db.close();
    return [...own].map((page) => pages.read(page));
  } finally {
    await rm(copy, { recursive: true });
  }
}

function asBytes(token: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(token);
  return bytes;
}

/** Blocks that few people leave are changed; blocks that most people leave are built anew. */
for (const [what, size, isGone] of [
  ['that is changed', 240, (at: number) => at % 10 === 0],
  ['that is built anew', 60, (at: number) => at % 4 !== 3],
] as const) {
  test(`in the SQLite file no page of a block ${what} has a token that only erased people had`, () =>
    checkPages(size, isGone));
}

async function checkPages(size: number, isGone: (at: number) => boolean): Promise<void> {
  const deployment = await openDeployment();
  try {
    const { core, orgKey, folder, rows } = deployment;
    const operator = { kind: 'operator', door: 'test', orgKey } as const;
    const people: User[] = [];
    for (let number = 1; number <= 240; number += 1) people.push(await deployment.addUser(textsOf(number)));
    const inSearch = <T>(work: (search: SqlUserSearchStore) => Promise<T>): Promise<T> =>
      core.work.change(orgKey, (tx) => {
        assert.ok(tx.userSearch instanceof SqlUserSearchStore);
        return work(tx.userSearch);
      });
    while ((await inSearch((search) => search.seal(size))) === 0);
    // Some have changed, and the blocks know of half of these changes.
    const changed: User[] = [];
    for (const [at, user] of people.entries()) {
      if (at % 6 !== 0) continue;
      const changes = textsOf(1_000 + at);
      changed.push(
        await core.work.change(orgKey, (tx) => applyChanges(core, tx, operator, user, changes, null)),
      );
    }
    await inSearch((search) => search.settle(20));
    const present = new Map([...people, ...changed].map((user) => [user.id, user]));
    const gone = people.filter((_, at) => isGone(at));
    const kept = [...present.values()].filter(({ id }) => !gone.some((user) => user.id === id));
    const others = new Set(kept.flatMap((user) => [...tokensOfUser(user)]));
    const formerKept = people.filter(({ id }) => kept.some((user) => user.id === id));
    for (const user of formerKept) for (const token of tokensOfUser(user)) others.add(token);
    const unique = [...gone, ...changed.filter(({ id }) => gone.some((user) => user.id === id))]
      .flatMap((user) => [...tokensOfUser(user)])
      .filter((token) => !others.has(token));
    const found = (pages: Awaited<ReturnType<typeof pagesOfBlocks>>): number =>
      unique.filter((token) => pages.some((bytes) => bytes.includes(asBytes(token)))).length;
    assert.ok(await core.remains.flush());
    assert.ok(unique.length > 500);
    assert.ok(found(await pagesOfBlocks(folder)) > 500, 'the search of the pages finds who is there');

    const numbers = new Map(rows.all('users').map((row) => [row['id'], Number(row['seq'])]));
    const users = gone.map((user) => ({ orgKey, userId: user.id }));
    await Array.fromAsync(eraseUsers(core, 'test', { users }));
    while ((await advanceErasures(core, 1_000)).taken > 0) await sleep(10);
    assert.ok(await core.remains.flush());

    assert.equal(rows.count('erasures', `state = 'complete'`), gone.length);
    const noted = rows.all('search_changes').map((row) => row['user_id']);
    assert.deepEqual(
      noted.filter((id) => !kept.some((user) => user.id === id)),
      [],
    );
    const bySeq = tokensBySeq(rows.all('search_leaves'));
    for (const { id } of gone) assert.equal(bySeq.get(numbers.get(id) ?? 0), undefined);
    for (const user of kept) assert.ok((bySeq.get(numbers.get(user.id) ?? 0)?.size ?? 0) > 20);
    assert.equal(found(await pagesOfBlocks(folder)), 0);
  } finally {
    await deployment.close();
  }
}

for (const { name, make } of databases) {
  describe(`the search blocks on ${name}`, () => {
    test('know a user who is in them by all texts that they may have, until they are told', async (t) => {
      const own = await make();
      t.after(() => own.dispose());
      const tenant = await addTenant(own.store);
      const inTenant = <T>(work: (search: SqlUserSearchStore) => Promise<T>): Promise<T> =>
        own.store.change(tenant.orgKey, (tx) => {
          assert.ok(tx.userSearch instanceof SqlUserSearchStore);
          return work(tx.userSearch);
        });
      await own.store.change(tenant.orgKey, (tx) =>
        tx.users.insertAll(Array.from({ length: 40 }, (_, at) => newUser(tenant, textsOf(at + 1)))),
      );
      assert.equal(await inTenant((search) => search.seal(40)), 0);
      const rows = own.openRows();
      t.after(() => rows.close());
      const user = await own.store.change(tenant.orgKey, async (tx) => {
        const [first] = (await tx.users.listOldestFirst(null, null, 1)).items;
        assert.ok(first);
        return tx.users.update(first, textsOf(500));
      });
      const known = await inTenant((search) => search.findTexts(user));
      assert.ok(known);
      assert.equal(known.texts.length, 2);
      await own.store.change(tenant.orgKey, (tx) => tx.users.erase(user, []));
      const before = tokensBySeq(await rows.all('search_leaves'));
      assert.ok((before.get(known.seq)?.size ?? 0) > 20);
      await inTenant((search) => search.purge([known]));
      const after = tokensBySeq(await rows.all('search_leaves'));
      assert.equal(after.get(known.seq), undefined);
      before.delete(known.seq);
      assert.deepEqual(after, before);
      assert.equal(await rows.count('search_changes'), 0);
    });
  });
}
