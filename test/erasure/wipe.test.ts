/**
 * Wiped remains do not come back, whatever other processes have in their caches, and whenever the process that
 * wipes is killed. Only unallocated bytes change.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { holdRemains } from '../../src/store/folder/folder-lock.ts';
import { descriptorOf, PageFile } from '../../src/store/sqlite/remains/page-file.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { addTenant, type FileStore, makeSqliteStore, newUser, openLocation } from '../store/harness.ts';
import { slowTest as test } from '../support/effort.ts';
import { databaseBytes, plant, plantedIn, randomText, rangesIn } from './database-pages.ts';
import type { NeighbourRequest } from './neighbour-process.ts';
import type { KillStep } from './wiping-process.ts';

const users = 2_000;
const textsPerPage = 12;
const mebibyte = 1024 * 1024;
const killSteps: readonly KillStep[] = [
  'scanned',
  'locked',
  'wrote one',
  'wrote some',
  'wrote all',
  'synced',
  'committed',
];

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

interface Template {
  readonly own: FileStore;
  readonly texts: ReadonlySet<string>;
  readonly pages: number;
}

/** A folder whose database has remains in every page, with tables and indexes that the program does not know. */
interface Scene {
  readonly dataDir: string;
  readonly file: string;
  readonly store: Store;
  readonly texts: ReadonlySet<string>;
  readonly pages: number;
  /** The columns that no neighbour changes, of all rows, as they were at first. */
  readonly rows: unknown;
}

/** Makes the folder of which scenes are copies. */
async function makeTemplate(): Promise<Template> {
  const own = await makeSqliteStore();
  const { store, dataDir } = own;
  await own.execute(`
    create index users_names on users (org_key, first_name, last_name);
    create index users_by_five on users (org_key, last_name, timezone, language, app_key);
    create table nicknames (nickname text, seq integer, primary key (nickname, seq)) without rowid;
    create virtual table words using fts5 (name);`);
  const tenant = await addTenant(store);
  for (let from = 0; from < users; from += 250) {
    await store.change(tenant.orgKey, async (tx) => {
      for (let each = 0; each < 250; each += 1) {
        const name = randomText(10 + ((from + each) % 150));
        const email = `${randomText(20)}@example.com`;
        await tx.users.insert(newUser(tenant, { externalId: name, email, firstName: name, lastName: name }));
      }
    });
  }
  await own.execute(`
    insert into nicknames select last_name, seq from users;
    insert into words select last_name from users;
    delete from nicknames where seq % 3 = 0;
    delete from words where rowid % 3 = 0;
    update users set last_name = substr(last_name, 1, 8) where seq % 4 = 0;`);
  await store.close();
  const planted = await plant(join(dataDir, databaseFile), textsPerPage);
  return { own, texts: new Set([...planted.values()].flat()), pages: planted.size };
}

/** Runs work on a copy of the template. */
async function inScene(
  { own, texts, pages }: Template,
  work: (scene: Scene) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roster-wipe-'));
  try {
    await cp(own.dataDir, dataDir, { recursive: true });
    const file = join(dataDir, databaseFile);
    const rows = readRows(file);
    const store = openLocation(dataDir);
    try {
      await work({ dataDir, file, store, texts, pages, rows });
    } finally {
      await store.close();
    }
  } finally {
    await rm(dataDir, { recursive: true });
  }
}

function readRows(file: string): unknown {
  const db = new Database(file, { readonly: true });
  try {
    return [
      db.prepare('select seq, id, number, external_id, last_name, created_at from users').all(),
      db.prepare('select last_name from users where last_name > ? order by org_key, last_name').all(''),
      db.prepare('select seq from users where external_id > ? order by org_key, external_id').all(''),
      db.prepare('select * from nicknames').all(),
      db.prepare('select rowid, * from words').all(),
    ];
  } finally {
    db.close();
  }
}

/** How many of the texts are anywhere in the file. */
async function countIn({ file, texts }: Scene): Promise<number> {
  return (await plantedIn(file)).intersection(texts).size;
}

/** How many unallocated ranges have remains. A text may be in several of them. */
async function dirtyRangesOf({ file }: Scene): Promise<number> {
  return rangesIn(await databaseBytes(file)).filter(({ bytes }) => bytes.includes('~')).length;
}

interface Neighbour {
  ask(request: NeighbourRequest): Promise<void>;
}

async function withNeighbours(
  { file }: Scene,
  mmapBytes: readonly number[],
  work: (neighbours: readonly Neighbour[]) => Promise<void>,
): Promise<void> {
  const children = mmapBytes.map((bytes) => fork(pathOf('./neighbour-process.ts'), [file, String(bytes)]));
  try {
    await work(
      children.map((child) => ({
        async ask(request) {
          const answer = once(child, 'message', { signal: AbortSignal.timeout(60_000) });
          child.send(request);
          await answer;
        },
      })),
    );
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}

const askAll = async (neighbours: readonly Neighbour[], request: NeighbourRequest): Promise<void> => {
  for (const neighbour of neighbours) await neighbour.ask(request);
};

/** Clears as the job does: it retries where readers of a former state left no moment for it. */
async function clear({ store, texts }: Scene): Promise<void> {
  let left = texts;
  for (let tries = 0; left.size > 0; tries += 1) {
    assert.ok(tries < 20, `${left.size} texts are left`);
    left = await store.remains.clear(left);
  }
}

async function checkSound(scene: Scene): Promise<void> {
  assert.ok(await scene.store.remains.flush());
  assert.equal(await countIn(scene), 0);
  assert.deepEqual(await scene.store.checkIntegrity(), []);
  assert.deepEqual(readRows(scene.file), scene.rows);
}

/** Has a process wipe, and kills it at the step; `atEmptyLog` runs when it is about to begin. */
async function wipeAndDie(
  { dataDir, texts }: Scene,
  step: KillStep,
  atEmptyLog: () => Promise<void>,
): Promise<void> {
  const child = fork(pathOf('./wiping-process.ts'), [dataDir, step]);
  const exit = once(child, 'exit');
  const ready = once(child, 'message', { signal: AbortSignal.timeout(60_000) });
  child.send([...texts]);
  await ready;
  await atEmptyLog();
  child.send('go on');
  assert.equal((await exit)[1], 'SIGKILL', step);
}

describe('wiping', () => {
  let template: Template;
  before(async () => {
    template = await makeTemplate();
  });
  after(() => template.own.dispose());

  test('removes thousands of remains from hundreds of pages of tables and indexes that the program knows or does not know', async (t) => {
    await inScene(template, async (scene) => {
      const { file, texts, pages } = scene;
      const types = new Set(rangesIn(await databaseBytes(file)).map(({ type }) => type));
      assert.deepEqual([...types].sort(), [10, 13, 2, 5]);
      assert.ok(pages > 300 && texts.size > 3_000, `${texts.size} in ${pages} pages`);
      assert.equal(await countIn(scene), texts.size);
      const startedAt = performance.now();
      assert.deepEqual(await scene.store.remains.clear(texts), new Set());
      t.diagnostic(`${texts.size} remains in ${pages} pages: ${performance.now() - startedAt} ms`);
      await checkSound(scene);
    });
  });

  test('is final while processes with warm caches read and write, with and without memory maps', async () => {
    await inScene(template, async (scene) => {
      await withNeighbours(scene, [0, 1024 * mebibyte, 0], async (neighbours) => {
        await askAll(neighbours, 'rewrite');
        await askAll(neighbours, 'read');
        await askAll(neighbours, 'begin traffic');
        await clear(scene);
        await askAll(neighbours, 'end traffic');
        await askAll(neighbours, 'rewrite');
        await checkSound(scene);
      });
    });
  });

  test('finds a moment between readers of former states that overlap', async () => {
    await inScene(template, async (scene) => {
      await withNeighbours(scene, [0, 0], async (neighbours) => {
        const [writer, reader] = neighbours;
        await writer?.ask('begin traffic');
        await reader?.ask('begin overlaps');
        await clear(scene);
        await askAll(neighbours, 'end traffic');
        await checkSound(scene);
      });
    });
  });

  test('needs the commit after it: without it former bytes come back from the cache of another process', async () => {
    await inScene(template, async (scene) => {
      await withNeighbours(scene, [0], async ([neighbour]) => {
        await neighbour?.ask('rewrite');
        assert.ok(await scene.store.remains.flush());
        await neighbour?.ask('read');
        const file = new PageFile(descriptorOf(scene.file));
        for (const { page, at, bytes } of rangesIn(await databaseBytes(scene.file))) {
          const start = at - (page - 1) * file.pageBytes;
          if (bytes.includes('~')) file.zero(page, { start, end: start + bytes.length });
        }
        assert.equal(await countIn(scene), 0);
        await neighbour?.ask('rewrite');
        assert.ok(await scene.store.remains.flush());
        assert.ok((await countIn(scene)) > 100);
      });
    });
  });

  for (const step of killSteps) {
    test(`is repeated and final if the process is killed at the step "${step}"`, async () => {
      await inScene(template, async (scene) => {
        const { store, texts } = scene;
        await withNeighbours(scene, [0, 1024 * mebibyte], async (neighbours) => {
          await askAll(neighbours, 'rewrite');
          assert.ok(await store.remains.flush());
          const there = await countIn(scene);
          const ranges = await dirtyRangesOf(scene);
          assert.ok(there > texts.size / 2);
          await wipeAndDie(scene, step, () => askAll(neighbours, 'read'));
          const left = await countIn(scene);
          if (step === 'scanned' || step === 'locked') assert.equal(left, there);
          else if (step.endsWith('one') || step.endsWith('some')) {
            assert.ok(left > 0);
            const rangesLeft = await dirtyRangesOf(scene);
            assert.ok(rangesLeft < ranges, `${rangesLeft} of ${ranges}`);
          } else assert.equal(left, 0);
          await neighbours[0]?.ask('rewrite');
          assert.ok(await store.remains.flush());
          if (step === 'wrote all' || step === 'synced')
            assert.ok((await countIn(scene)) > 100, 'from a cache');
          if (step === 'committed') assert.equal(await countIn(scene), 0);
          await clear(scene);
          await askAll(neighbours, 'rewrite');
          await checkSound(scene);
        });
      });
    });
  }

  test('is final even if a process dies before its commit and the next scan finds a clean file', async () => {
    await inScene(template, async (scene) => {
      const { store, texts } = scene;
      await withNeighbours(scene, [0, 1024 * mebibyte], async (neighbours) => {
        await askAll(neighbours, 'rewrite');
        assert.ok(await store.remains.flush());
        await wipeAndDie(scene, 'synced', () => askAll(neighbours, 'read'));
        assert.equal(await countIn(scene), 0);
        assert.deepEqual(await store.remains.clear(texts), new Set());
        await askAll(neighbours, 'rewrite');
        await checkSound(scene);
      });
    });
  });

  test('waits while another process removes remains', async () => {
    await inScene(template, async (scene) => {
      const lock = holdRemains(scene.dataDir);
      assert.ok(lock);
      let isOver = false;
      const clearing = scene.store.remains.clear(scene.texts).finally(() => {
        isOver = true;
      });
      await sleep(300);
      assert.ok(!isOver);
      assert.equal(await countIn(scene), scene.texts.size);
      lock.release();
      assert.deepEqual(await clearing, new Set());
      await checkSound(scene);
    });
  });

  const noLocks = existsSync('/proc/locks') ? false : 'this system does not list its locks';
  test('keeps the locks of a process on its file when one of its stores closes', {
    skip: noLocks,
  }, async () => {
    await inScene(template, async (scene) => {
      const other = openLocation(scene.dataDir);
      await clear(scene);
      await other.remains.clear(scene.texts);
      await other.close();
      const locks = await readFile('/proc/locks', 'utf8');
      const own = new RegExp(` ${process.pid} \\S+:${(await stat(scene.file)).ino} `);
      assert.match(locks, own);
    });
  });
});
