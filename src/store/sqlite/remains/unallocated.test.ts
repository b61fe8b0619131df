import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { rootsOf } from './scan.ts';
import { findInTrees } from './trees.ts';
import { areFreeOfCells, unallocatedRanges } from './unallocated.ts';

/** Tables and indexes of every kind of page, some of whose texts go on in pages of their own. */
const schema = `
  create table people (id integer primary key, name text, note text);
  create index people_name on people (name);
  create index people_note on people (note, name, id);
  create table tags (tag text, owner integer, primary key (tag, owner)) without rowid;
  create virtual table words using fts5 (name, note);`;

const change = fc.record({
  kind: fc.constantFrom('add', 'add', 'add', 'delete', 'grow', 'shrink'),
  /** Which of the people, as a share of them all. */
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  count: fc.integer({ min: 1, max: 300 }),
  textBytes: fc.constantFrom(5, 40, 200, 1_500, 9_000),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const shape = fc.record({
  pageBytes: fc.constantFrom(512, 4_096, 65_536),
  autoVacuum: fc.constantFrom('NONE', 'INCREMENTAL'),
  /** Without it SQLite leaves deleted rows where they were. */
  secureDelete: fc.constantFrom('ON', 'OFF'),
  changes: fc.array(change, { minLength: 1, maxLength: 12 }),
});

type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never;

function fill(db: Database.Database, changes: readonly Change[]): void {
  let made = 0;
  const text = (bytes: number): string => {
    made += 1;
    return `${(Math.imul(made, 2_654_435_761) >>> 0).toString(36)}-text-`.padEnd(bytes, 'x');
  };
  const add = db.prepare('insert into people (name, note) values (?, ?)');
  const tag = db.prepare('insert into tags (tag, owner) values (?, ?)');
  const word = db.prepare('insert into words (name, note) values (?, ?)');
  for (const { kind, from, count, textBytes } of changes) {
    const ids = db.prepare<[], number>('select id from people order by name').pluck().all();
    const some = ids.slice(Math.floor(from * ids.length)).slice(0, count);
    db.transaction(() => {
      for (let each = 0; kind === 'add' && each < count; each += 1) {
        const name = text(Math.min(textBytes, 300));
        const { lastInsertRowid } = add.run(name, text(textBytes));
        tag.run(name, lastInsertRowid);
        if (each % 10 === 0) word.run(name, name);
      }
      for (const id of some) {
        if (kind === 'delete') {
          db.prepare('delete from people where id = ?').run(id);
          db.prepare('delete from tags where owner = ?').run(id);
        }
        if (kind === 'grow' || kind === 'shrink') {
          const bytes = kind === 'grow' ? textBytes : 5;
          db.prepare('update people set note = ? where id = ?').run(text(bytes), id);
        }
      }
    })();
  }
}

/** Every row of every table, in the order of its key and along its indexes. */
function rowsOf(db: Database.Database): unknown {
  return [
    db.prepare('select * from people order by id').all(),
    db.prepare('select name from people indexed by people_name where name > ? order by name').all(''),
    db.prepare('select note, name from people indexed by people_note where note > ? order by note').all(''),
    db.prepare('select * from tags order by tag, owner').all(),
    db.prepare('select rowid, * from words').all(),
    db.prepare(`select count(*) from words where words match 'text'`).all(),
  ];
}

/** Runs work on a database that was filled, and closed again. */
function withDatabase(
  { pageBytes, autoVacuum, secureDelete, changes }: Shape,
  work: (file: string) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'roster-unallocated-'));
  try {
    const file = join(folder, 'a.db');
    const db = new Database(file);
    for (const pragma of [
      `page_size = ${pageBytes}`,
      `auto_vacuum = ${autoVacuum}`,
      `secure_delete = ${secureDelete}`,
    ])
      db.pragma(pragma);
    db.exec(schema);
    fill(db, changes);
    db.close();
    work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function open<T>(file: string, work: (db: Database.Database) => T): T {
  const db = new Database(file, { readonly: true });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const pagesOf = (file: string, where: string): ReadonlySet<number> =>
  open(
    file,
    (db) => new Set(db.prepare<[], number>(`select pageno from dbstat where ${where}`).pluck().all()),
  );

function treePagesOf(file: string, bytes: Buffer, pageBytes: number): ReadonlySet<number> {
  const read = (page: number): Buffer => bytes.subarray((page - 1) * pageBytes, page * pageBytes);
  const wanted = new Set(Array.from({ length: bytes.length / pageBytes }, (_, at) => at + 1));
  return open(file, (db) => findInTrees({ read }, rootsOf(db), { wanted })).pages;
}

describe('the bytes of a page that hold nothing', () => {
  test('may all be zeros: every row and entry is as it was, and the file is sound', () => {
    let ranges = 0;
    fc.assert(
      fc.property(shape, (drawn) => {
        withDatabase(drawn, (file) => {
          const before = open(file, rowsOf);
          const bytes = readFileSync(file);
          for (const page of treePagesOf(file, bytes, drawn.pageBytes)) {
            if (page === 1) continue;
            const own = bytes.subarray((page - 1) * drawn.pageBytes, page * drawn.pageBytes);
            const found = unallocatedRanges(own, drawn.pageBytes);
            assert.ok(areFreeOfCells(own, found));
            for (const { start, end } of found) own.fill(0, start, end);
            ranges += found.length;
          }
          writeFileSync(file, bytes);
          open(file, (db) => {
            assert.deepEqual(db.pragma('integrity_check'), [{ integrity_check: 'ok' }]);
            assert.deepEqual(rowsOf(db), before);
          });
        });
      }),
      { numRuns: 40 },
    );
    assert.ok(ranges > 1_000, `${ranges} ranges`);
  });

  test('are all bytes of a page that are not its header, its cells or the links between freeblocks', () => {
    fc.assert(
      fc.property(shape, (drawn) => {
        // Of an empty page of 64 KiB SQLite miscounts the unused bytes.
        fc.pre(drawn.pageBytes < 65_536);
        withDatabase({ ...drawn, secureDelete: 'OFF' }, (file) => {
          const used = open(file, (db) =>
            db.prepare<[], Used>('select pageno, unused from dbstat where pageno > 1').all(),
          );
          const bytes = readFileSync(file);
          const pages = treePagesOf(file, bytes, drawn.pageBytes);
          for (const { pageno, unused } of used) {
            if (!pages.has(pageno)) continue;
            const own = bytes.subarray((pageno - 1) * drawn.pageBytes, pageno * drawn.pageBytes);
            const fragments = own.readUInt8(7);
            let freeblocks = 0;
            for (let at = own.readUInt16BE(1); at !== 0; at = own.readUInt16BE(at)) freeblocks += 1;
            const found = unallocatedRanges(own, drawn.pageBytes);
            const total = found.reduce((sum, { start, end }) => sum + end - start, 0);
            assert.equal(total + 4 * freeblocks + fragments, unused);
          }
        });
      }),
      { numRuns: 25 },
    );
  });

  test('are none in bytes that are not formed like a page of a tree', () => {
    const leaf = (count: number, content: number, freeblock = 0): Buffer => {
      const page = Buffer.alloc(512, 0xff);
      page.writeUInt8(13, 0);
      page.writeUInt16BE(freeblock, 1);
      page.writeUInt16BE(count, 3);
      page.writeUInt16BE(content, 5);
      return page;
    };
    assert.deepEqual(unallocatedRanges(leaf(2, 400), 512), [{ start: 12, end: 400 }]);
    const damaged = [
      Buffer.alloc(512),
      Buffer.alloc(512, 0xff),
      leaf(200, 400),
      leaf(2, 11),
      leaf(300, 0),
      // The last bytes of a page may be reserved.
      leaf(2, 510),
      leaf(2, 400, 300),
      leaf(2, 400, 509),
      leaf(2, 400, 450),
    ];
    for (const page of damaged) assert.deepEqual(unallocatedRanges(page, 508), []);
    const chained = leaf(2, 400, 410);
    chained.writeUInt16BE(420, 410);
    chained.writeUInt16BE(10, 412);
    chained.writeUInt32BE(20, 420);
    assert.deepEqual(unallocatedRanges(chained, 508), [
      { start: 12, end: 400 },
      { start: 414, end: 420 },
      { start: 424, end: 440 },
    ]);
    for (const [at, value] of [
      [410, 405],
      [412, 3],
      [412, 20],
      [422, 200],
    ] as const) {
      const broken = Buffer.from(chained);
      broken.writeUInt16BE(value, at);
      assert.deepEqual(unallocatedRanges(broken, 508), [], `${value} at ${at}`);
    }
  });
});

interface Used {
  readonly pageno: number;
  readonly unused: number;
}

describe('the pages of trees', () => {
  test('are those that SQLite counts as pages of tables and indexes, and no other', () => {
    fc.assert(
      fc.property(shape, (drawn) => {
        withDatabase(drawn, (file) => {
          const pages = treePagesOf(file, readFileSync(file), drawn.pageBytes);
          assert.deepEqual([...pages].sort(), [...pagesOf(file, `pagetype <> 'overflow'`)].sort());
        });
      }),
      { numRuns: 25 },
    );
  });

  test('are found by a few of them as by all', () => {
    const changes: Change[] = [{ kind: 'add', from: 0, count: 300, textBytes: 200 }];
    withDatabase({ pageBytes: 512, autoVacuum: 'NONE', secureDelete: 'ON', changes }, (file) => {
      const bytes = readFileSync(file);
      const asked: number[] = [];
      const read = (page: number): Buffer => {
        asked.push(page);
        return bytes.subarray((page - 1) * 512, page * 512);
      };
      const leaves = pagesOf(file, `name = 'people' and pagetype = 'leaf'`);
      const wanted = new Set([...leaves].slice(0, 3));
      open(file, (db) => {
        const { pages, inner } = findInTrees({ read }, rootsOf(db), { wanted });
        assert.deepEqual(pages, wanted);
        const before = asked.splice(0).length;
        const again = findInTrees({ read }, rootsOf(db), { wanted, through: inner });
        assert.deepEqual(again, { pages, inner });
        assert.ok(asked.length < before / 2, `${asked.length} of ${before} pages read`);
        const other = new Set([...inner].slice(1));
        assert.equal(findInTrees({ read }, rootsOf(db), { wanted, through: other }).pages.size, 0);
      });
    });
  });
});
