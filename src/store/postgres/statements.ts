/**
 * The statements as they are sent to PostgreSQL. Each is compiled once for the process and has the digest of its text as
 * its name, so that the server plans it once for each connection.
 *
 * A statement has a second form, for many sets of values together. The values come as arrays, one for each placeholder, and
 * the unchanged query is joined to them, so that it finds its rows by the same index as for one set.
 */
import { createHash } from 'node:crypto';
import { tables } from '../schema/personal-data.ts';
import { postgresDialect } from '../sql/dialect.ts';
import { type CompiledStatement, compileStatement, type Statement, type Values } from '../sql/statement.ts';

export interface NamedStatement extends CompiledStatement {
  readonly name: string;
}

type AnyStatement = Pick<Statement<Values, unknown>, 'index' | 'node'>;

const plain: NamedStatement[] = [];
const inserts: NamedStatement[] = [];
const lateral: CompiledStatement[] = [];
/** By the statement's index and the types of its values. */
const forMany = new Map<string, NamedStatement>();

export function namedStatement(statement: AnyStatement): NamedStatement {
  const known = plain[statement.index];
  if (known !== undefined) return known;
  const made = compileStatement(statement, postgresDialect.compiler);
  const named = { ...made, name: nameOf(made.sql) };
  plain[statement.index] = named;
  return named;
}

/** Whether the statement changes nothing. It may lock rows. */
export function isRead(statement: AnyStatement): boolean {
  return namedStatement(statement).sql.startsWith('select ');
}

/** An insert of one row. It returns the number of the row if the table has a sequence. */
export function namedInsert(statement: AnyStatement): NamedStatement {
  const known = inserts[statement.index];
  if (known !== undefined) return known;
  const made = compileStatement(statement, postgresDialect.compiler);
  const sql = made.sql + (hasSequence(statement) ? postgresDialect.returningSequence : '');
  const named = { ...made, sql, name: nameOf(sql) };
  inserts[statement.index] = named;
  return named;
}

/** How many rows one statement inserts. There are few such numbers, because the server plans a statement for each. */
const rowCounts = [32, 8, 1];
const manyRows = new Map<string, NamedStatement>();

/** As `namedInsert`, for the wanted number of rows or the next smaller one. The values are given row after row. */
export function namedInsertOf(
  statement: AnyStatement,
  wanted: number,
): NamedStatement & { readonly rows: number } {
  const one = namedInsert(statement);
  // A value after the rows would have another number, so such a row is inserted alone.
  const [, before, list = '', after] = /^(.* values )(\([$\d, ]+\))([^$]*)$/s.exec(one.sql) ?? [];
  const rows = before === undefined ? 1 : (rowCounts.find((count) => count <= wanted) ?? 1);
  if (rows === 1) return { ...one, rows };
  const key = `${statement.index} ${rows}`;
  let named = manyRows.get(key);
  if (named === undefined) {
    const width = list.split(',').length;
    const lists = Array.from({ length: rows }, (_, row) =>
      list.replace(/\d+/g, (number) => String(Number(number) + row * width)),
    );
    const sql = `${before}${lists.join(', ')}${after}`;
    named = { ...one, sql, name: nameOf(sql) };
    manyRows.set(key, named);
  }
  return { ...named, rows };
}

/**
 * A query for as many sets of values as its arrays are long. The first column of a row is the number of its set, counted
 * from 1. The values of one placeholder are all numbers or all texts, and none is null.
 */
export function namedForMany(
  statement: AnyStatement,
  sets: readonly Values[],
): { readonly named: NamedStatement; readonly columns: unknown[][] } {
  const made = lateral[statement.index] ?? compileStatement(statement, postgresDialect.lateralCompiler);
  lateral[statement.index] = made;
  const bound = sets.map((values) => made.bind(values));
  const types = (bound[0] ?? []).map((value) => (typeof value === 'number' ? 'bigint' : 'text'));
  const key = `${statement.index} ${types}`;
  let named = forMany.get(key);
  if (named === undefined) {
    const sql = textForMany(made.sql, types);
    named = { ...made, sql, name: nameOf(sql) };
    forMany.set(key, named);
  }
  return { named, columns: types.map((_, column) => bound.map((values) => values[column])) };
}

/** `offset 0` makes the server plan the query by itself, not together with the arrays. */
function textForMany(sql: string, types: readonly string[]): string {
  const arrays = types.map((type, at) => `$${at + 1}::${type}[]`).join(', ');
  const columns = types.map((_, at) => `v${at + 1}`).join(', ');
  return `select x.number, y.* from unnest(${arrays}) with ordinality as x(${columns}, number),
    lateral (select * from (${sql}) z offset 0) y`;
}

export function nameOf(sql: string): string {
  return `roster_${createHash('sha256').update(sql).digest('base64url')}`;
}

function hasSequence(statement: AnyStatement): boolean {
  return 'seq' in columnsOf(statement);
}

/** The columns of the table that a statement inserts into; none of another statement. */
export function columnsOf({ node }: AnyStatement): object {
  const table = node.kind === 'InsertQueryNode' ? node.into?.table.identifier.name : undefined;
  return Object.entries(tables).find(([name]) => name === table)?.[1].columns ?? {};
}
