import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { plant, plantedIn, randomText } from '../../../../test/erasure/database-pages.ts';
import { effort, slowTest as test } from '../../../../test/support/effort.ts';
import { descriptorOf, PageFile } from './page-file.ts';
import { type FoundRemains, scan } from './scan.ts';
import { TextIndex } from './text-index.ts';
import { wipe } from './wipe.ts';

/** A database with remains in every page. */
interface Scene {
  readonly path: string;
  readonly file: PageFile;
  readonly texts: readonly string[];
  readonly traces: TextIndex;
  /** A connection that changes rows, and the one that scans and wipes. */
  readonly db: Database.Database;
  readonly wiper: Database.Database;
}

async function inScene(work: (scene: Scene) => void | Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-wipe-'));
  const path = join(folder, 'a.db');
  try {
    const made = new Database(path);
    made.pragma('secure_delete = ON');
    made.pragma('journal_mode = WAL');
    made.exec(`
      create table people (id integer primary key, name text, note text);
      create index people_name on people (name, note);
      create table tags (tag text, owner integer, primary key (tag, owner)) without rowid;
      create table others (id integer primary key, note text);`);
    made.transaction(() => {
      for (let id = 1; id <= 400; id += 1) {
        const name = randomText(10 + (id % 60));
        made.prepare('insert into people values (?, ?, ?)').run(id, name, randomText(id % 300));
        made.prepare('insert into tags values (?, ?)').run(name, id);
      }
    })();
    made.exec('delete from people where id % 5 = 0');
    made.close();
    const texts = [...(await plant(path)).values()].flat();
    const [db, wiper] = [new Database(path, { timeout: 0 }), new Database(path, { timeout: 0 })];
    db.pragma('secure_delete = ON');
    try {
      await work({
        path,
        file: new PageFile(descriptorOf(path)),
        texts,
        traces: new TextIndex(texts),
        db,
        wiper,
      });
    } finally {
      wiper.close();
      db.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function find({ file, traces, wiper }: Scene): FoundRemains {
  wiper.pragma('wal_checkpoint(TRUNCATE)');
  const found = scan(wiper, file, { traces, mayGoOn: () => true });
  assert.ok(found);
  return found;
}

function wipeFound({ file, wiper, path }: Scene, found: FoundRemains): boolean {
  const logBytes = (): number => statSync(`${path}-wal`).size;
  return wipe({ db: wiper, file, logBytes }, found);
}

async function countIn({ path, texts }: Scene): Promise<number> {
  return (await plantedIn(path)).intersection(new Set(texts)).size;
}

function rowsOf(path: string): unknown {
  const db = new Database(path, { readonly: true });
  try {
    assert.deepEqual(db.pragma('integrity_check'), [{ integrity_check: 'ok' }]);
    return [
      db.prepare('select * from people order by id').all(),
      db.prepare(`select name, note from people where name > '' order by name`).all(),
      db.prepare('select * from tags').all(),
      db.prepare('select * from others').all(),
    ];
  } finally {
    db.close();
  }
}

/** What may happen between a scan and the wiping of what it found. */
const change = fc.oneof(
  fc.record({ kind: fc.constant('add'), count: fc.integer({ min: 1, max: 200 }), bytes: fc.nat(400) }),
  fc.record({
    kind: fc.constantFrom('delete', 'grow'),
    from: fc.nat(400),
    count: fc.nat(400),
    bytes: fc.nat(3_000),
  }),
  /** Pages that were of a tree hold a long text now, in which the traces have a meaning. */
  fc.record({ kind: fc.constantFrom('clear', 'write long', 'vacuum', 'reindex', 'new index') }),
);

function apply({ db, texts }: Scene, drawn: typeof change extends fc.Arbitrary<infer T> ? T : never): void {
  const { kind } = drawn;
  if (kind === 'add' && 'count' in drawn) {
    db.transaction(() => {
      for (let each = 0; each < drawn.count; each += 1) {
        const id = db.prepare('insert into people (name, note) values (?, ?)');
        id.run(randomText(8), randomText(drawn.bytes));
      }
    })();
  }
  if ('from' in drawn) {
    const range = [drawn.from, drawn.from + drawn.count];
    if (kind === 'delete') db.prepare('delete from people where id between ? and ?').run(range);
    if (kind === 'grow')
      db.prepare('update people set note = ? where id between ? and ?').run(
        randomText(drawn.bytes),
        ...range,
      );
    db.prepare('delete from tags where owner between ? and ?').run(range);
  }
  if (kind === 'clear') db.exec('delete from tags; delete from people where id > 20');
  if (kind === 'write long')
    db.prepare('insert into others (note) values (?)').run(texts.join('').repeat(20));
  if (kind === 'vacuum') db.exec('vacuum');
  if (kind === 'reindex') db.exec('reindex');
  if (kind === 'new index') db.exec('create index if not exists people_note on people (note)');
}

describe('wiping what a scan found', () => {
  test('changes no row, whatever has become of the pages since the scan, and ends after another scan', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 5 }), async (changes) => {
        await inScene(async (scene) => {
          const found = find(scene);
          assert.ok(found.pages.size > 10);
          for (const each of changes) apply(scene, each);
          scene.wiper.pragma('wal_checkpoint(TRUNCATE)');
          const rows = rowsOf(scene.path);
          assert.ok(wipeFound(scene, found));
          assert.deepEqual(rowsOf(scene.path), rows);
          assert.ok(wipeFound(scene, find(scene)));
          assert.equal(find(scene).pages.size, 0);
          assert.deepEqual(rowsOf(scene.path), rows);
          const isLive = changes.some(({ kind }) => kind === 'write long');
          scene.wiper.pragma('wal_checkpoint(TRUNCATE)');
          assert.equal(await countIn(scene), isLive ? scene.texts.length : 0);
        });
      }),
      { numRuns: effort({ short: 15, long: 40 }) },
    );
  });

  test('leaves a page alone that became part of a long text which has the traces', async () => {
    await inScene((scene) => {
      const found = find(scene);
      apply(scene, { kind: 'clear' });
      const overflow = scene.db
        .prepare<[], number>(`select pageno from dbstat where pagetype = 'overflow'`)
        .pluck();
      // SQLite chooses among the free pages.
      for (let texts = 0; !overflow.all().some((page) => found.pages.has(page)); texts += 1) {
        assert.ok(texts < 20, 'no long text is where traces were');
        apply(scene, { kind: 'write long' });
      }
      scene.wiper.pragma('wal_checkpoint(TRUNCATE)');
      const rows = rowsOf(scene.path);
      assert.ok(wipeFound(scene, found));
      assert.deepEqual(rowsOf(scene.path), rows);
    });
  });

  test('waits for another moment where there has been a change, or another connection writes', async () => {
    await inScene(async (scene) => {
      const found = find(scene);
      apply(scene, { kind: 'new index' });
      assert.equal(wipeFound(scene, found), false);
      scene.wiper.pragma('wal_checkpoint(TRUNCATE)');
      scene.db.exec('begin immediate');
      assert.throws(() => wipeFound(scene, found), { code: 'SQLITE_BUSY' });
      scene.db.exec('commit');
      assert.equal(await countIn(scene), scene.texts.length);
      assert.ok(wipeFound(scene, found));
      assert.equal(await countIn(scene), 0);
    });
  });

  test('does not touch a page in which a cell lies where nothing should be', async () => {
    await inScene(async (scene) => {
      const found = find(scene);
      const [page = 0] = found.pages;
      const bytes = scene.file.read(page);
      // The page says that its cells begin behind their end.
      bytes.writeUInt16BE(scene.file.pageBytes, 5);
      const written: number[] = [];
      const file = {
        usableBytes: scene.file.usableBytes,
        read: (number: number) => (number === page ? bytes : scene.file.read(number)),
        zero: (number: number) => written.push(number),
        sync: () => {},
      };
      assert.ok(wipe({ db: scene.wiper, file, logBytes: () => 0 }, found));
      assert.ok(written.length > 10 && !written.includes(page));
    });
  });
});
