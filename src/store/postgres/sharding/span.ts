/**
 * Over which machines of a Citus cluster a statement goes, and what it is while one of them is away.
 *
 * A statement names its organization, or it goes over all machines. The latter has a second form: restricted to organizations
 * that are given as an array. Citus asks only the machines of these, and the statement is otherwise the same, with its
 * order, its limit and its counts.
 *
 * Both are found in the text of the statement. A test compares each with what PostgreSQL's own parser finds.
 */
import { placements } from '../../schema/placement.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import { type NamedStatement, namedStatement, nameOf } from '../statements.ts';

type AnyStatement = Pick<Statement<Values, unknown>, 'index' | 'node' | 'isRound'>;

/**
 * `one`: it stays on the machine of one organization, or of one mailbox or number, whose key is the value at that place; -1 where
 * no value is the key, or where every machine has the rows. `all`: it goes over all machines. `plain` is the statement without
 * row locks, which no machine can take for all others; `restricted` is its second form, whose last value is the array. `every`:
 * it needs all machines, because its table has a copy on each, or is placed by something else than the organization.
 */
export type Span =
  | { readonly over: 'one'; readonly by: 'org_key' | 'subject'; readonly at: number }
  | { readonly over: 'all'; readonly plain: Text; readonly restricted: Text }
  | { readonly over: 'every' };

type Text = Pick<NamedStatement, 'sql' | 'name'>;

const spans: Span[] = [];

export function spanOf(statement: AnyStatement): Span {
  const known = spans[statement.index];
  if (known !== undefined) return known;
  const { sql, bind } = namedStatement(statement);
  const span = findSpan(sql, bind({}).length, statement.isRound === true);
  spans[statement.index] = span;
  return span;
}

const insertedRow = /^\s*insert into "?\w+"? \(([^)]*)\)\s*values \(([^)]*)\)/;
const changedTable = /\b(?:update|delete from|insert into)\s+"?(\w+)"?/;

function findSpan(sql: string, values: number, isRound: boolean): Span {
  if (isRound) return overAll(sql, values, ['organizations']);
  const changed = changedTable.exec(sql)?.[1] ?? '';
  if (placements.get(changed) === 'reference') return { over: 'every' };
  const tables = tablesIn(sql);
  const by = [changed, ...tables].some((table) => placements.get(table) === 'subject')
    ? 'subject'
    : 'org_key';
  const own = new RegExp(`\\b${by}"?\\s*=\\s*\\$(\\d+)`).exec(sql)?.[1];
  if (own !== undefined) return { over: 'one', by, at: Number(own) - 1 };
  const [, columns, row] = insertedRow.exec(sql) ?? [];
  if (columns !== undefined && row !== undefined) return { over: 'one', by, at: placeOf(by, columns, row) };
  if (tables.length === 0) return { over: 'one', by, at: -1 };
  if (by !== 'org_key') return { over: 'every' };
  return overAll(sql, values, tables);
}

function overAll(sql: string, values: number, tables: readonly string[]): Span {
  const plain = sql.replace(/ for update skip locked\b/g, '');
  return { over: 'all', plain: textOf(plain), restricted: restricted(plain, values + 1, tables) };
}

function textOf(sql: string): Text {
  return { sql, name: nameOf(sql) };
}

function placeOf(name: string, columns: string, row: string): number {
  const at = columns.split(',').findIndex((column) => column.replaceAll('"', '').trim() === name);
  return Number(/\$(\d+)/.exec(row.split(',')[at] ?? '')?.[1] ?? 0) - 1;
}

const tableName = /\b(?:from|update|join)\s+"?(\w+)"?/g;

/** The distributed tables of a statement. */
function tablesIn(sql: string): readonly string[] {
  const names = [...sql.matchAll(tableName)].map(([, name = '']) => name);
  return names.filter((name) => (placements.get(name) ?? 'reference') !== 'reference');
}

function restricted(sql: string, number: number, tables: readonly string[]): Text {
  const places = [...sql.matchAll(tableName)]
    .filter(([, name = '']) => tables.includes(name))
    .map(({ 0: text, 1: name = '', index }) => ({ name, ...conditionAfter(sql, index + text.length) }));
  let text = sql;
  // From the end, so that the earlier places stay where they are.
  for (const { name, at, word } of places.sort((left, right) => right.at - left.at)) {
    const condition = `${name}.org_key = any ($${number}::bigint[])`;
    text = `${text.slice(0, at)} ${word === 'where' ? `${condition} and` : `where ${condition}`}${text.slice(at)}`;
  }
  return textOf(text);
}

const words = /[()]|\b(?:where|group by|order by|limit|returning|union|offset)\b/g;

/** Where a condition of the same level goes: after its `where`, or before what follows the tables. */
function conditionAfter(sql: string, start: number): { readonly at: number; readonly word: string } {
  let depth = 0;
  words.lastIndex = start;
  for (let found = words.exec(sql); found !== null; found = words.exec(sql)) {
    const [word] = found;
    if (word === '(') depth++;
    else if (depth > 0) depth -= word === ')' ? 1 : 0;
    else if (word === 'where') return { at: found.index + word.length, word };
    else return { at: found.index - (sql[found.index - 1] === ' ' ? 1 : 0), word };
  }
  return { at: sql.trimEnd().length, word: '' };
}
