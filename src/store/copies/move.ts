/**
 * Moves a directory from its SQLite file to a PostgreSQL database, row by row and exactly. The move holds SQLite's
 * lock to write from the first row to the last: a server that still runs on the file answers changes with
 * `unavailable`. Calling it again resumes an interrupted move; until it has ended, no program serves the database.
 * The file does not change.
 *
 * Rows are copied in pieces of a fixed size, each with its position in the same transaction. The digest of a table
 * is a chain over its pieces. So one number tells whether the rows copied before are still those of the file, and
 * at the end whether the database returns the same rows in the same order.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import type { Client } from 'pg';
import { migrate, moveVersion } from '../migrate.ts';
import { migrations, schemaVersion } from '../migrations/all-migrations.ts';
import { loadClient } from '../postgres/client.ts';
import { parserOf } from '../postgres/connection.ts';
import { findLeader } from '../postgres/hosts.ts';
import { commitTo, PostgresMigrationTarget, refuseOldServer } from '../postgres/migration.ts';
import { tables } from '../schema/personal-data.ts';
import { databaseFile } from '../sqlite/sqlite-store.ts';

export interface MoveOptions {
  /** The folder with the SQLite file, whose schema is up to date. */
  readonly dataDir: string;
  /** The URL of the database to move to: empty, or of an interrupted move. */
  readonly databaseUrl: string;
  /** Called after each piece: rows copied so far, and of how many. */
  readonly onAdvance?: (rows: number, total: number) => void;
}

export interface MovedTable {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 in hex over the table's rows in the order of its key; the same on both sides. */
  readonly digest: string;
}

/** The move is not possible, or its result is wrong. The message is one line and names no data. */
export class MoveError extends Error {
  override readonly name = 'MoveError';
}

interface Position {
  readonly rows: number;
  readonly digest: string;
}

interface TablePlan {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
  readonly total: number;
}

type Cell = string | number | Uint8Array | null;
type Row = readonly Cell[];

const pieceRows = 1_000;
/** How long each host of the target may take to answer together. */
const connectMs = 10_000;
const nothingYet: Position = { rows: 0, digest: '' };
/** Reads the schema that the target has made for itself. */
const ownTables: ReadonlySet<string> = new Set(['schema_migrations']);

/**
 * Copies everything and verifies it. Throws a `MoveError` where the target holds something else, the file is in use
 * for longer than five seconds, or the two differ in the end.
 */
export async function moveToPostgres(options: MoveOptions): Promise<readonly MovedTable[]> {
  const source = new Sqlite(join(options.dataDir, databaseFile), { timeout: 5_000 });
  const PostgresClient = await loadClient();
  const target = new PostgresClient({
    connectionString: await findLeader({ url: options.databaseUrl, connectMs }),
    types: { getTypeParser: parserOf },
    fallback_application_name: 'roster move',
  });
  target.on('error', () => {});
  try {
    hold(source);
    await target.connect();
    await refuseOldServer(target);
    await prepare(target);
    const plans = planOf(source);
    const positions = await findPositions(target, source, plans);
    const total = plans.reduce((sum, plan) => sum + plan.total, 0);
    let before = 0;
    for (const plan of plans) {
      const done = before;
      await copyTable(source, target, plan, positions.get(plan.name) ?? nothingYet, (rows) =>
        options.onAdvance?.(done + rows, total),
      );
      before += plan.total;
    }
    const moved = await verify(source, target, plans);
    await finish(target, plans);
    return moved;
  } finally {
    await target.end();
    source.close();
  }
}

/** Keeps all processes from changing the file until the connection closes. */
function hold(source: Sqlite.Database): void {
  try {
    source.exec('begin immediate');
  } catch {
    throw new MoveError('another process writes to the directory; stop the server and try again');
  }
}

/**
 * Makes the schema and the records of the move, or finds those of an earlier call. Both are one transaction: a call
 * that is killed here leaves no database that looks complete.
 */
async function prepare(target: Client): Promise<void> {
  const { rows } = await target.query(`select to_regclass('roster_move') is not null as is_resumed`);
  const isResumed = rows[0]?.is_resumed === 't';
  const schema = new PostgresMigrationTarget(target);
  if (isResumed) {
    await target.query('begin');
    await target.query('delete from schema_migrations where version = $1', [moveVersion]);
    if ((await schema.version()) !== schemaVersion) {
      throw new MoveError('the move was begun by another version of Roster; give it an empty database');
    }
  } else {
    await migrate(schema, Date.now(), migrations);
    const others = await target.query('select 1 from organizations limit 1');
    if (others.rows.length > 0) throw new MoveError('the database to move to already holds a directory');
    await target.query('begin');
    await target.query(
      'create table roster_move (table_name text primary key, copied bigint not null, digest text not null)',
    );
  }
  await target.query('insert into schema_migrations (version, name, applied_at) values ($1, $2, $3)', [
    moveVersion,
    'a move is under way',
    Date.now(),
  ]);
  await target.query('commit');
}

/** Every table, referenced tables first. */
function planOf(source: Sqlite.Database): readonly TablePlan[] {
  const names = Object.keys(tables).filter((name) => !ownTables.has(name));
  const referred = (table: string): string[] =>
    source
      .prepare<[string], { table: string }>('select "table" from pragma_foreign_key_list(?)')
      .all(table)
      .map((each) => each.table);
  const ordered: string[] = [];
  const visit = (name: string): void => {
    if (ordered.includes(name)) return;
    for (const other of referred(name)) if (other !== name) visit(other);
    ordered.push(name);
  };
  for (const name of names) visit(name);
  return ordered.map((name) => {
    const columns = source
      .prepare<[string], { name: string; pk: number }>('select name, pk from pragma_table_info(?)')
      .all(name);
    const key = columns.filter(({ pk }) => pk > 0).sort((left, right) => left.pk - right.pk);
    const count = source.prepare<[], { rows: number }>(`select count(*) as rows from ${name}`).get();
    return {
      name,
      columns: columns.map((column) => column.name),
      key: key.map((column) => column.name),
      total: count?.rows ?? 0,
    };
  });
}

/** How far each table is copied. If the file has changed since, all copying starts over. */
async function findPositions(
  target: Client,
  source: Sqlite.Database,
  plans: readonly TablePlan[],
): Promise<ReadonlyMap<string, Position>> {
  const { rows } = await target.query<{ table_name: string; copied: number; digest: string }>(
    'select table_name, copied, digest from roster_move',
  );
  const positions = new Map(rows.map((row) => [row.table_name, { rows: row.copied, digest: row.digest }]));
  const isSame = plans.every((plan) => {
    const position = positions.get(plan.name) ?? nothingYet;
    return chainOf(source, plan, position.rows).digest === position.digest;
  });
  if (isSame) return positions;
  await target.query('begin');
  await target.query(`truncate ${plans.map(({ name }) => name).join(', ')}, roster_move`);
  await target.query('commit');
  return new Map();
}

async function copyTable(
  source: Sqlite.Database,
  target: Client,
  plan: TablePlan,
  position: Position,
  onRows: (rows: number) => void,
): Promise<void> {
  let { rows, digest } = position;
  const types = await typesOf(target, plan);
  const parameters = types.map((type, index) => `$${index + 1}::${type}[]`).join(', ');
  const insert = `insert into ${plan.name} (${plan.columns.join(', ')}) overriding system value
    select * from unnest(${parameters})`;
  for (const piece of piecesOf(source, plan, rows)) {
    rows += piece.length;
    digest = chained(digest, piece);
    await target.query('begin');
    await target.query(
      insert,
      plan.columns.map((_, column) => piece.map((row) => row[column])),
    );
    await target.query(
      `insert into roster_move (table_name, copied, digest) values ($1, $2, $3)
        on conflict (table_name) do update set copied = excluded.copied, digest = excluded.digest`,
      [plan.name, rows, digest],
    );
    await target.query('commit');
    onRows(rows);
  }
}

/** The rows of the file in the order of their key, after the given one, in pieces of the fixed size. */
function* piecesOf(source: Sqlite.Database, plan: TablePlan, from: number): Generator<Row[]> {
  const query = source
    .prepare<[number], Row>(
      `select ${plan.columns.join(', ')} from ${plan.name} order by ${plan.key.join(', ')} limit -1 offset ?`,
    )
    .raw();
  let piece: Row[] = [];
  for (const row of query.iterate(from)) {
    piece.push(row);
    if (piece.length === pieceRows) {
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}

function chained(digest: string, piece: readonly Row[]): string {
  const text = JSON.stringify(piece, (_, value) => (value?.type === 'Buffer' ? value.data : value));
  return createHash('sha256').update(digest).update(text).digest('hex');
}

/** The digest chain over the first rows of a table of the file. */
function chainOf(source: Sqlite.Database, plan: TablePlan, rows: number): Position {
  let position = nothingYet;
  if (rows === 0) return position;
  for (const piece of piecesOf(source, plan, 0)) {
    const wanted = piece.slice(0, rows - position.rows);
    position = { rows: position.rows + wanted.length, digest: chained(position.digest, wanted) };
    if (position.rows >= rows) break;
  }
  return position;
}

/** Reads every table back from the database and compares it with the file. */
async function verify(
  source: Sqlite.Database,
  target: Client,
  plans: readonly TablePlan[],
): Promise<readonly MovedTable[]> {
  const moved: MovedTable[] = [];
  for (const plan of plans) {
    const ours = chainOf(source, plan, plan.total);
    const theirs = await chainOfTarget(target, plan);
    if (ours.rows !== theirs.rows || ours.digest !== theirs.digest) {
      throw new MoveError(
        `the table ${plan.name} did not arrive as it was sent; empty the database and try again`,
      );
    }
    moved.push({ table: plan.name, ...ours });
  }
  return moved;
}

async function chainOfTarget(target: Client, plan: TablePlan): Promise<Position> {
  let position = nothingYet;
  await target.query('begin isolation level repeatable read, read only');
  await target.query(
    `declare rows no scroll cursor for
      select ${plan.columns.join(', ')} from ${plan.name} order by ${plan.key.join(', ')}`,
  );
  for (;;) {
    const { rows } = await target.query<Cell[]>({ text: `fetch ${pieceRows} from rows`, rowMode: 'array' });
    if (rows.length === 0) break;
    position = { rows: position.rows + rows.length, digest: chained(position.digest, rows) };
  }
  await target.query('commit');
  return position;
}

/**
 * Sets the sequences after the copied rows, and lets programs serve the database. This is the last commit of a
 * move; a move that ends earlier is resumed by the next call.
 */
async function finish(target: Client, plans: readonly TablePlan[]): Promise<void> {
  await target.query('analyze');
  await target.query('begin');
  for (const { name } of plans) {
    const { rows } = await target.query<{ column_name: string }>(
      `select column_name from information_schema.columns
        where table_schema = current_schema() and table_name = $1 and is_identity = 'YES'`,
      [name],
    );
    const column = rows[0]?.column_name;
    if (column === undefined) continue;
    await target.query(
      `select setval(pg_get_serial_sequence($1, $2), coalesce(max(${column}), 1), max(${column}) is not null)
        from ${name}`,
      [name, column],
    );
  }
  await target.query('drop table roster_move');
  await target.query('delete from schema_migrations where version = $1', [moveVersion]);
  await commitTo(target);
}

async function typesOf(target: Client, plan: TablePlan): Promise<readonly string[]> {
  const { rows } = await target.query<{ column_name: string; udt_name: string }>(
    `select column_name, udt_name from information_schema.columns
      where table_schema = current_schema() and table_name = $1`,
    [plan.name],
  );
  const types = new Map(rows.map((row) => [row.column_name, row.udt_name]));
  return plan.columns.map((column) => {
    const type = types.get(column);
    if (type === undefined) throw new MoveError(`the database has no column ${plan.name}.${column}`);
    return type;
  });
}
