/**
 * A process that reads and writes the SQLite file of the store under test, on one database connection with a large
 * cache. Its arguments are the file and how many bytes of it are mapped to memory. It answers each message.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';

/**
 * `read` fills the cache and changes nothing. `rewrite` changes all users, and so all their pages. During `overlaps` there
 * is always a reader: each begins before the one before it ends. Where another process writes, one reads a former state.
 */
export type NeighbourRequest = 'read' | 'rewrite' | 'begin traffic' | 'begin overlaps' | 'end traffic';

const [file = '', mmapBytes = '0'] = process.argv.slice(2);
const db = new Sqlite(file, { timeout: 10_000 });
for (const pragma of [
  'synchronous = FULL',
  'secure_delete = ON',
  'cache_size = -65536',
  'wal_autocheckpoint = 0',
])
  db.pragma(pragma);
db.pragma(`mmap_size = ${mmapBytes}`);
let round = 0;
let traffic: Promise<void> | null = null;
let isOver = false;

/** The texts keep their length and their order, so that each entry is replaced in its page. */
const update = db.prepare(
  `update users set first_name = printf('First %06d %04d', seq, :round),
      email = printf('p%06d-%04d@example.com', seq, :round),
      email_canonical = printf('p%06d-%04d@example.com', seq, :round)
    where seq % :parts = :part`,
);
const tables = db
  .prepare<[], string>(`select distinct tbl_name from sqlite_schema where type = 'index' and rootpage > 0`)
  .pluck()
  .all();

function read(): void {
  for (const table of tables) db.prepare(`select * from "${table}"`).all();
  for (const column of ['email_canonical', 'first_name', 'external_id']) {
    db.prepare(`select org_key, ${column} from users where ${column} > '' order by org_key, ${column}`).all();
  }
}

function rewrite(parts: number): void {
  round = (round + 1) % 10_000;
  const part = Math.floor(Math.random() * parts);
  db.transaction(() => update.run({ round, parts, part })).immediate();
}

async function makeTraffic(): Promise<void> {
  while (!isOver) {
    rewrite(40);
    read();
    await sleep(1);
  }
}

async function makeOverlaps(): Promise<void> {
  const readers = [new Sqlite(file), new Sqlite(file)] as const;
  for (let turn = 0; !isOver; turn += 1) {
    const [next, last] = turn % 2 === 0 ? readers : [readers[1], readers[0]];
    next.exec('begin');
    next.prepare('select 1 from users limit 1').get();
    if (last.inTransaction) last.exec('commit');
    await sleep(1);
  }
  for (const reader of readers) reader.close();
}

async function answer(request: NeighbourRequest): Promise<void> {
  if (request === 'read') read();
  if (request === 'rewrite') rewrite(1);
  if (request === 'begin traffic' || request === 'begin overlaps') {
    isOver = false;
    traffic = request === 'begin traffic' ? makeTraffic() : makeOverlaps();
  }
  if (request === 'end traffic') {
    isOver = true;
    await traffic;
  }
}

process.on('message', async (request: NeighbourRequest) => {
  await answer(request);
  process.send?.('done');
});
