/**
 * The forms of a deletion and of an update by which many of them, about different rows of one organization, are one statement. The
 * rows are found by a list of their names, so by the same index as one row. Each row of the answer has its name.
 */
import { postgresDialect } from '../sql/dialect.ts';
import { compileStatement, type Statement, type Values } from '../sql/statement.ts';
import { type NamedStatement, namedStatement, nameOf } from './statements.ts';
import { ValueArrays } from './value-arrays.ts';

type AnyStatement = Pick<Statement<Values, unknown>, 'index' | 'node'>;

/** What a change is about. */
export interface ChangedName {
  readonly orgKey: number;
  readonly name: string;
}

/** Changes of one statement and one organization, as they are sent. */
export interface BoundChange extends Pick<NamedStatement, 'sql' | 'name'> {
  readonly values: unknown[];
}

export interface SharedChange {
  /** Null where the values are not of the types that the form needs. */
  nameOf(values: Values): ChangedName | null;
  /** The changes with these names, each of another name. */
  bind(orgKey: number, changes: readonly (readonly [name: string, Values])[]): BoundChange;
}

const forms: (SharedChange | null)[] = [];

/** Null for a statement that has no such form. */
export function sharedChangeOf(statement: AnyStatement): SharedChange | null {
  let form = forms[statement.index];
  if (form === undefined) {
    form = deletionOf(statement) ?? updateOf(statement);
    forms[statement.index] = form;
  }
  return form;
}

function deletionOf(statement: AnyStatement): SharedChange | null {
  const one = namedStatement(statement);
  const [, before, column, returned] =
    /^(delete from \S+ where "?org_key"? = \$1 and )("?\w+"?) = \$2(?: returning (.+))?$/.exec(one.sql) ?? [];
  if (before === undefined || column === undefined) return null;
  const more = returned === undefined ? '' : `, ${returned}`;
  const sql = `${before}${column} = any($2::text[]) returning ${column} as "changedName"${more}`;
  const named = { sql, name: nameOf(sql) };
  return {
    nameOf: (values) => toName(one.bind(values), 0, 1),
    bind: (orgKey, changes) => ({ ...named, values: [orgKey, changes.map(([name]) => name)] }),
  };
}

function updateOf(statement: AnyStatement): SharedChange | null {
  const { sql, bind } = compileStatement(statement, postgresDialect.lateralCompiler);
  const [, before, table, conditions = ''] = /^(update (\S+) set .+) where (.+)$/.exec(sql) ?? [];
  const org = /^"org_key" = x\.v(\d+) and "id" = x\.v(\d+)(?= |$)/.exec(conditions);
  if (before === undefined || org === null || / returning /.test(conditions)) return null;
  const [orgAt, nameAt] = [Number(org[1]) - 1, Number(org[2]) - 1];
  const arrays = new ValueArrays(new Set(sql.match(/x\.v\d+/g)).size);
  let named: Pick<NamedStatement, 'sql' | 'name'> | null = null;
  return {
    nameOf: (values) => toName(bind(values), orgAt, nameAt),
    bind(orgKey, changes) {
      const bound = changes.map(([, values]) => bind(values));
      if (arrays.learn(bound)) named = null;
      named ??= textOf();
      return { ...named, values: [...arrays.of(bound), orgKey, changes.map(([name]) => name)] };
    },
  };

  // The list of names besides the table keeps the plan to the rows that change.
  function textOf(): Pick<NamedStatement, 'sql' | 'name'> {
    const [own, names] = [arrays.length + 1, arrays.length + 2];
    const text = `${arrays.in(before ?? '')} from ${arrays.table()} where ${arrays.in(conditions)}
      and ${table}."org_key" = $${own} and ${table}."id" = any($${names}::text[]) returning ${table}."id" as "changedName"`;
    return { sql: text, name: nameOf(text) };
  }
}

function toName(bound: readonly unknown[], orgAt: number, nameAt: number): ChangedName | null {
  const [orgKey, name] = [bound[orgAt], bound[nameAt]];
  return typeof orgKey === 'number' && typeof name === 'string' ? { orgKey, name } : null;
}
