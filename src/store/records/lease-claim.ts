/**
 * How a job claims due rows. The claim is one statement: it selects the rows that are due, in the order of their due time,
 * and changes each whose due time is still the one that was read: it moves the due time to the end of the lease, and counts
 * the attempt. So of two processes one gets a row, an attempt that kills its process is counted too, and a row whose lease
 * has run out is due again. Where one server has the rows, the selection passes over those that another process is claiming. Over
 * several machines it locks nothing, and processes wait for each other.
 *
 * The store that claims decides in which states a row can be claimed, and which columns count the attempts.
 */
import { sql } from 'kysely';
import type { Database } from '../schema/tables.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, buildUntyped, statement, type Values } from '../sql/statement.ts';

/** Which rows of a table are claimed. The key of the table is `(org_key, id)`. */
interface RuleOf<T extends keyof Database> {
  readonly table: T;
  /** The columns of the order in which rows are claimed. The first holds the time at which a row is due. */
  readonly order: readonly [due: ColumnOf<T>, ...then: ColumnOf<T>[]];
  /** The column of the state, and the states in which a row can be claimed. */
  readonly state: { readonly column: ColumnOf<T>; readonly open: readonly string[] };
  /** A text column that has the same value in all claimed rows. The caller of the claim gives the value. */
  readonly by?: ColumnOf<T>;
  /** The column for the number of the process that claims. Each change of a claimed row sets it to null. */
  readonly claimant?: ColumnOf<T>;
  /** Columns that each claim raises by one. */
  readonly counters: readonly ColumnOf<T>[];
  /** The columns to return, as Kysely selects them. */
  readonly columns: readonly string[];
}

type ColumnOf<T extends keyof Database> = keyof Database[T] & string;
export type ClaimRule = { [T in keyof Database]: RuleOf<T> }[keyof Database];

/** A claim of at most `limit` rows that are due at `now`. They are due again after `leaseMs`. */
export interface Claim {
  readonly now: number;
  readonly leaseMs: number;
  readonly limit: number;
  /** The value of the column `by`; only of a rule that names one. */
  readonly by?: string;
  /** The value of the column `claimant`; only of a rule that names one. */
  readonly claimedBy?: number | null;
}

type ClaimValues = {
  now: number;
  leasedUntil: number;
  limit: number;
  by: string;
  claimedBy: number | null;
};

/** Builds the claim of a rule, once, when the module of the store loads. It returns the claimed rows in any order. */
export function leaseClaim<R>(rule: ClaimRule): (executor: Executor, claim: Claim) => Promise<R[]> {
  const claimDue = statement((p: Binder<ClaimValues>) => claimQuery(rule, p).$castTo<R>());
  return async (executor, { now, leaseMs, limit, by = '', claimedBy = null }) => {
    const values = { now, leasedUntil: now + leaseMs, limit, by, claimedBy };
    const claimed = await executor.rows<ClaimValues & Values, R>(claimDue, values);
    // Another process may have claimed all of them while this one waited for it. The next ones are due too.
    return claimed.length > 0 ? claimed : executor.rows<ClaimValues & Values, R>(claimDue, values);
  };
}

/** As `leaseClaim`, for a table with a sequence: it returns the claimed rows in the order in which they were written. */
export function leaseClaimInOrder<R extends { readonly seq: number }>(rule: ClaimRule) {
  const claimDue = leaseClaim<R>(rule);
  return async (executor: Executor, claim: Claim): Promise<R[]> =>
    (await claimDue(executor, claim)).sort((left, right) => left.seq - right.seq);
}

/** Makes the claims of processes that have ended due again. */
export function freeClaims(rule: ClaimRule) {
  const {
    table,
    order: [due],
    state,
    claimant,
  } = rule;
  if (claimant === undefined) throw new Error(`claims of ${table} name no process`);
  return statement((p: Binder<{ now: number; claimedBy: number }>) =>
    buildUntyped
      .updateTable(table)
      .set({ [due]: p('now'), [claimant]: null })
      .where(claimant, '=', p('claimedBy'))
      .where(
        state.column,
        'in',
        state.open.map((name) => sql.lit(name)),
      )
      .where(due, '>', p('now')),
  );
}

/**
 * The states are part of the text, not values, or the planner could not know that the partial index of open rows serves.
 * The rows are selected once (`materialized`) and then changed by their keys; the planner cannot choose another plan. The
 * due time and the state are compared by expressions, which no index serves: the only way to a row is its key.
 */
function claimQuery(
  { table, order, state, by, claimant, counters, columns }: ClaimRule,
  p: Binder<ClaimValues>,
) {
  const [due] = order;
  const open = state.open.map((name) => sql.lit(name));
  const [only] = open;
  const isOpen =
    open.length === 1 && only !== undefined
      ? sql<boolean>`${sql.ref(state.column)} = ${only}`
      : sql<boolean>`${sql.ref(state.column)} in (${sql.join(open)})`;
  return buildUntyped
    .with(
      (cte) => cte('due').materialized(),
      (from) => {
        let rows = from
          .selectFrom(table)
          .select(['org_key', 'id', `${due} as due_then`])
          .where(isOpen);
        if (by !== undefined) rows = rows.where(by, '=', p('by'));
        rows = rows.where(due, '<=', p('now'));
        for (const column of order) rows = rows.orderBy(column);
        return rows.limit(p('limit')).forUpdate().skipLocked();
      },
    )
    .updateTable(table)
    .from('due')
    .set((row) => ({
      [due]: p('leasedUntil'),
      ...(claimant === undefined ? {} : { [claimant]: p('claimedBy') }),
      ...Object.fromEntries(counters.map((counter) => [counter, row(`${table}.${counter}`, '+', 1)])),
    }))
    .whereRef(`${table}.org_key`, '=', 'due.org_key')
    .whereRef(`${table}.id`, '=', 'due.id')
    .where(sql<boolean>`${sql.ref(`${table}.${due}`)} + 0 = due.due_then`)
    .where(sql<boolean>`${sql.ref(`${table}.${state.column}`)} || '' in (${sql.join(open)})`)
    .returning([...columns]);
}
