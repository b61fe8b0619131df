/**
 * The statements that change a user. A caller may name any set of fields, and a statement for each set would be
 * thousands; so columns that no index has are in every statement, each behind a switch, and only those that are
 * in an index (whose entries SQLite writes anew whenever a statement names them) are left out where they do not
 * change: sixteen statements, made when first needed.
 */
import { type RawBuilder, sql } from 'kysely';
import type { User, UserChanges, UserRole, UserStatus } from '../../core/directory/user.ts';
import { toFlag } from '../sql/flag.ts';
import { type Binder, rawStatement, type Statement, type Value, type Values } from '../sql/statement.ts';
import { canonicalOf, columnsOf, type UserRow, userColumns, wholeUser } from './user-row.ts';

/** What the row is expected to be: the change of a user that has changed meanwhile finds nothing. */
type Expected = { orgKey: number; expectedId: string; expectedStatus: UserStatus; expectedRole: UserRole };

const indexedColumns = {
  externalId: ['external_id'],
  email: ['email', 'email_canonical'],
  role: ['role'],
  status: ['status'],
} as const satisfies Partial<Record<keyof UserChanges, readonly string[]>>;

/** All but those that never change and those that are in an index. */
const { id, orgKey, number, appId, createdAt, externalId, email, role, status, ...plainColumns } =
  userColumns;

const indexedEntries = entriesOf(indexedColumns);
const plainEntries = entriesOf(plainColumns);

/** A row as the change left it. */
export type ChangedRow = UserRow & { readonly seq: number };

const statements = new Map<string, Statement<Values, ChangedRow>>();

/** The statement for a change and its values; null where the change names nothing. It gives the changed row. */
export function updateOf(
  user: User,
  changes: UserChanges,
): { statement: Statement<Values, ChangedRow>; values: Values } | null {
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

function entriesOf<T extends object>(record: T): readonly (readonly [keyof T, T[keyof T]])[] {
  return Object.entries(record) as [keyof T, T[keyof T]][];
}
