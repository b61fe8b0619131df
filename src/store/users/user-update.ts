/**
 * The statements that change a user. A caller may set any combination of columns, and a statement for each
 * combination would be thousands. So every statement names the columns that are in no index, each with a switch that
 * says whether it changes. A column in an index is named only where it changes, because SQLite rewrites the index
 * entries of every column that a statement names. This gives 32 statements, each made at its first use.
 */
import { type RawBuilder, sql } from 'kysely';
import type { Column } from '../../core/directory/column.ts';
import { withEndedProofs } from '../../core/directory/proof.ts';
import {
  type User,
  type UserChanges,
  type UserRole,
  type UserStatus,
  userColumnNames,
  userColumns,
} from '../../core/directory/user.ts';
import { toFlag } from '../schema/flag.ts';
import { indexedColumns, tableColumns } from '../schema/user-table.ts';
import { type Binder, rawStatement, type Statement, type Value, type Values } from '../sql/statement.ts';
import { canonicalOf, columnsOf, type UserRow, wholeUser } from './user-row.ts';

/** The expected state of the row: a change of a user that has changed since the read updates no row. */
type Expected = { orgKey: number; expectedId: string; expectedStatus: UserStatus; expectedRole: UserRole };

const indexedEntries = Object.entries(indexedColumns) as [
  keyof UserChanges,
  readonly [string, ...string[]],
][];

/** The columns of a user that a change may set and no index has, each with the column of the table. */
const plainEntries = userColumnNames
  .filter((name) => !isFixed(name) && !(name in indexedColumns))
  .map((name) => [name as keyof UserChanges, tableColumns[name]] as const);

/** A row after the change. */
export type ChangedRow = UserRow & { readonly seq: number };

const statements = new Map<string, Statement<Values, ChangedRow>>();

/** The statement for a change and its values; null where the change is empty. The statement returns the changed row. */
export function updateOf(
  user: User,
  given: UserChanges,
): { statement: Statement<Values, ChangedRow>; values: Values } | null {
  const changes = withEndedProofs(user, given);
  const values: Record<string, Value> = {
    orgKey: user.orgKey,
    expectedId: user.id,
    expectedStatus: user.status,
    expectedRole: user.role,
  };
  let isEmpty = true;
  for (const [field, column] of plainEntries) {
    const value = changes[field];
    values[switchOf(column)] = toFlag(value !== undefined);
    values[column] = toValue(value);
    if (value !== undefined) isEmpty = false;
  }
  const named = indexedEntries.filter(([field]) => changes[field] !== undefined);
  if (isEmpty && named.length === 0) return null;
  for (const [field, [column]] of named) values[column] = toValue(changes[field]);
  values['email_canonical'] = canonicalOf(changes.email);
  return { statement: statementFor(named.flatMap(([, columns]) => columns)), values };
}

function statementFor(indexed: readonly string[]): Statement<Values, ChangedRow> {
  const key = indexed.join();
  const known = statements.get(key);
  if (known !== undefined) return known;
  const made = rawStatement((p: Binder<Values & Expected>) => {
    const settings = [
      ...indexed.map((column) => sql`${sql.ref(column)} = ${p(column)}`),
      ...plainEntries.map(([, column]) => switched(column, p)),
    ];
    return sql<ChangedRow>`
      update users set ${sql.join(settings)}
      where org_key = ${p('orgKey')} and id = ${p('expectedId')}
        and status = ${p('expectedStatus')} and role = ${p('expectedRole')}
      returning seq, ${sql.join(columnsOf(wholeUser.fields))}`;
  });
  statements.set(key, made);
  return made;
}

function switched(column: string, p: Binder<Values>): RawBuilder<unknown> {
  const name = sql.ref(column);
  return sql`${name} = case when ${p(switchOf(column))} = 1 then ${p(column)} else ${name} end`;
}

function switchOf(column: string): string {
  return `sets ${column}`;
}

function toValue(value: string | number | boolean | null | undefined): Value {
  return typeof value === 'boolean' ? toFlag(value) : (value ?? null);
}

function isFixed(name: keyof User): boolean {
  const column: Column = userColumns[name];
  return column.isFixed === true;
}
