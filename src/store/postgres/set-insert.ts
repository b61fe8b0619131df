/**
 * The form of an insert that adds many rows with one statement: the values come as arrays, one for each placeholder. The
 * server plans and runs one statement, checks every key as for single rows, and inserts the rows in their order, so that
 * of two rows with one key the first is inserted.
 *
 * An array needs a type, which the first value of a column that is not null shows. A column without such a value so far
 * is null for all rows. So a statement has few texts, and the server plans few.
 */
import { postgresDialect } from '../sql/dialect.ts';
import { compileStatement, type Statement, type Value, type Values } from '../sql/statement.ts';
import { columnsOf, type NamedStatement, nameOf } from './statements.ts';

type AnyStatement = Pick<Statement<Values, unknown>, 'index' | 'node'>;
type ArrayType = 'bigint' | 'bytea' | 'text';

/** A text with its name. */
type Named = Pick<NamedStatement, 'sql' | 'name'>;

/** The parts of an insert whose rows come as arrays. */
interface SetInsert {
  /** The table and its columns. */
  readonly into: string;
  /** The values of a row, where `x.v1` is the first placeholder. */
  readonly row: string;
  /** What follows the values, with what is returned. */
  readonly end: string;
  readonly hasId: boolean;
  /** The types that were seen so far, for each placeholder. */
  readonly types: (ArrayType | null)[];
  bind(values: Values): unknown[];
  /** The text and name for the types that are known at present. */
  named: Named | null;
}

/** An insert of many rows as it is sent. Each row of the answer is `seq`, or `seq` and `id`. */
export interface BoundSetInsert extends Named {
  readonly values: string[];
  /** Whether the answer has the ids of the inserted rows, whose values have the name `id`. */
  readonly hasId: boolean;
}

/** Null for a statement that has no such form. */
const forms: (SetInsert | null)[] = [];

/** The insert of all rows; null where the statement must be sent for each row. */
export function setInsertOf(statement: AnyStatement, rows: readonly Values[]): BoundSetInsert | null {
  let form = forms[statement.index];
  if (form === undefined) {
    form = formOf(statement);
    forms[statement.index] = form;
  }
  if (form === null) return null;
  const bound = rows.map(form.bind);
  for (const [at, type] of form.types.entries()) {
    if (type !== null) continue;
    const shown = bound.find((values) => values[at] !== null)?.[at];
    if (shown === undefined) continue;
    form.types[at] = typeOf(shown);
    form.named = null;
  }
  form.named ??= textOf(form);
  const values = form.types.flatMap((type, at) => (type === null ? [] : [arrayOf(bound, at)]));
  return { ...form.named, values, hasId: form.hasId };
}

function formOf(statement: AnyStatement): SetInsert | null {
  const { sql, bind } = compileStatement(statement, postgresDialect.lateralCompiler);
  const [, into, row, end = ''] =
    /^(insert into \S+ \([^)]*\)) values \(([^()]*)\)( on conflict do nothing)?$/.exec(sql) ?? [];
  const columns = columnsOf(statement);
  // A row that a conflict keeps out is recognized by the ids of the others.
  const hasId = end !== '' && 'seq' in columns && 'id' in columns;
  if (into === undefined || row === undefined || (end !== '' && !hasId)) return null;
  const placeholders = new Set(row.match(/x\.v\d+/g)).size;
  return {
    ...{ into, row, hasId, bind },
    end: `${end}${'seq' in columns ? ` returning seq${hasId ? ', id' : ''}` : ''}`,
    types: new Array<null>(placeholders).fill(null),
    named: null,
  };
}

function textOf({ into, row, end, types }: SetInsert): Named {
  const known = types.flatMap((type, at) => (type === null ? [] : [{ type, column: `v${at + 1}` }]));
  const arrays = known.map(({ type }, at) => `$${at + 1}::${type}[]`).join(', ');
  const columns = known.map(({ column }) => column).join(', ');
  const values = row.replace(/x\.v(\d+)/g, (name, number) =>
    types[Number(number) - 1] === null ? 'null' : name,
  );
  const sql = `${into} select ${values} from unnest(${arrays}) as x(${columns})${end}`;
  return { sql, name: nameOf(sql) };
}

function typeOf(value: unknown): ArrayType {
  if (typeof value === 'number') return 'bigint';
  return typeof value === 'string' ? 'text' : 'bytea';
}

/** One value of each row, as the text of an array. */
function arrayOf(rows: readonly unknown[][], at: number): string {
  let text = '';
  for (const values of rows) text += `,${elementOf(values[at] as Value)}`;
  return `{${text.slice(1)}}`;
}

function elementOf(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return `"\\\\x${Buffer.from(value).toString('hex')}"`;
  return `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}
