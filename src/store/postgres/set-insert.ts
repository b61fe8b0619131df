/**
 * The form of an insert that adds many rows with one statement, all of one organization, which the statement names. The server
 * plans and runs one statement, checks every key as for single rows, and inserts the rows in their order, so that of two rows
 * with one key the first is inserted. Rows that replace what is there must have different keys.
 */
import { placements } from '../schema/placement.ts';
import { postgresDialect } from '../sql/dialect.ts';
import { compileStatement, type Statement, type Values } from '../sql/statement.ts';
import { columnsOf, type NamedStatement, nameOf } from './statements.ts';
import { ValueArrays } from './value-arrays.ts';

type AnyStatement = Pick<Statement<Values, unknown>, 'index' | 'node'>;
/** A text with its name. */
type Named = Pick<NamedStatement, 'sql' | 'name'>;

/** The parts of an insert whose rows come as arrays. */
interface SetInsert {
  /** The table and its columns. */
  readonly into: string;
  /** The values of a row, where `x.v1` is the first placeholder and `x.place` the one that places the row. */
  readonly row: string;
  /** Which placeholder places the row (`placement.ts`), from 0: the organization in all tables but one. */
  readonly placeAt: number;
  /** What follows the values, with what is returned. */
  readonly end: string;
  readonly hasId: boolean;
  readonly arrays: ValueArrays;
  bind(values: Values): unknown[];
  /** The texts for the types that are known at present, by the shape of the values. */
  readonly texts: Map<string, Named>;
}

/** An insert of many rows as it is sent. Each row of the answer is `seq`, or `seq` and `id`. */
export interface BoundSetInsert extends Named {
  readonly values: unknown[];
  /** Whether the answer has the ids of the inserted rows, whose values have the name `id`. */
  readonly hasId: boolean;
}

/** Shapes of values that have a text of their own. The server keeps a plan for each. */
const textsMax = 8;

/** Null for a statement that has no such form. */
const forms: (SetInsert | null)[] = [];

/** The insert of all rows; null where the statement must be sent for each row, as for rows of several organizations. */
export function setInsertOf(statement: AnyStatement, rows: readonly Values[]): BoundSetInsert | null {
  let form = forms[statement.index];
  if (form === undefined) {
    form = formOf(statement);
    forms[statement.index] = form;
  }
  if (form === null) return null;
  const bound = rows.map(form.bind);
  const places = new Set(bound.map((values) => values[form.placeAt]));
  if (places.size !== 1) return null;
  // It is one value in every shape, and not in the arrays.
  for (const values of bound) values[form.placeAt] = null;
  if (form.arrays.learn(bound)) form.texts.clear();
  const own = form.arrays.shapeOf(bound);
  const shape = form.texts.has(own) || form.texts.size < textsMax ? own : form.arrays.shape;
  const named = form.texts.get(shape) ?? textOf(form, shape);
  form.texts.set(shape, named);
  return { ...named, values: [...form.arrays.of(bound, shape), ...places], hasId: form.hasId };
}

function formOf(statement: AnyStatement): SetInsert | null {
  const { sql, bind } = compileStatement(statement, postgresDialect.lateralCompiler);
  const [, into, row, end = '', isKeptOut] =
    /^(insert into \S+ \([^)]*\)) values \(([^()]*)\)( on conflict (?:(do nothing)|\([^)]*\) do update set [^$]*))?$/.exec(
      sql,
    ) ?? [];
  const columns = columnsOf(statement);
  // A row that a conflict keeps out is recognized by the ids of the others.
  const hasId = isKeptOut !== undefined && 'seq' in columns && 'id' in columns;
  if (into === undefined || row === undefined || (isKeptOut !== undefined && !hasId)) return null;
  const placeAt = placeholderIn(into, row);
  // A value after the rows is in no array.
  if (placeAt === null || /\bx\.v\d/.test(end)) return null;
  return {
    ...{ into, placeAt, hasId, bind },
    row: row.replace(new RegExp(`x\\.v${placeAt + 1}(?!\\d)`), 'x.place'),
    end: `${end}${'seq' in columns ? ` returning seq${hasId ? ', id' : ''}` : ''}`,
    arrays: new ValueArrays(new Set(row.match(/x\.v\d+/g)).size),
    texts: new Map(),
  };
}

/** Which placeholder places the row, from 0; null where none does. */
function placeholderIn(into: string, row: string): number | null {
  const columns = into
    .slice(into.indexOf('(') + 1, -1)
    .replaceAll('"', '')
    .split(', ');
  const values = row.split(', ');
  const [, number] = /^x\.v(\d+)$/.exec(values[columns.indexOf(placeOf(into))] ?? '') ?? [];
  return columns.length === values.length && number !== undefined ? Number(number) - 1 : null;
}

/** The column that places the rows of the table. A copy of all rows on each machine is placed by nothing. */
function placeOf(into: string): 'subject' | 'org_key' {
  const [, table = ''] = /^insert into "?(\w+)/.exec(into) ?? [];
  return placements.get(table) === 'subject' ? 'subject' : 'org_key';
}

function textOf({ into, row, end, arrays }: SetInsert, shape: string): Named {
  const placeType = placeOf(into) === 'org_key' ? 'bigint' : 'text';
  const values = arrays.in(row, shape).replace('x.place', `$${arrays.length + 1}::${placeType}`);
  const sql = `${into} select ${values} from ${arrays.table(shape)}${end}`;
  return { sql, name: nameOf(sql) };
}
