/**
 * Cuts times that are too far ahead, by the registry in `src/store/schema/times.ts`. Each cut has a statement that follows an
 * index to the rows that are too far ahead, so it costs one look-up where there are none.
 */
import { type RawBuilder, sql } from 'kysely';
import { hourMs, skewMs } from '../../core/time.ts';
import { type Cut, type TimeRule, times } from '../schema/times.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, buildUntyped, rawStatement, type Statement, statement } from '../sql/statement.ts';

type Values = { now: number; cutTo: number; beyond: number; limit: number; by: string };
type Mend = Statement<Values, unknown>;

interface Mending {
  readonly table: string;
  readonly column: string;
  readonly cut: Cut;
}

interface Prepared extends Mending {
  readonly mend: Mend;
  /** The next value of the column `by`; null for a cut without one. */
  readonly nextOf: Statement<{ after: string }, { value: string | null }> | null;
}

/** Every cut of the registry, with its statement. */
export const mendings: readonly Prepared[] = Object.entries(times).flatMap(([table, { key = [], columns }]) =>
  Object.entries<TimeRule>(columns).flatMap(([column, rule]) =>
    rule.is === 'cut' ? rule.cuts.map((cut) => prepare({ table, column, cut }, key)) : [],
  ),
);

/** Cuts at most `limit` rows by each cut; those that wait for a steady clock only where it is. Returns how many. */
export async function mendTimes(
  executor: Executor,
  now: number,
  { isSteady, limit }: { readonly isSteady: boolean; readonly limit: number },
): Promise<number> {
  let mended = 0;
  for (const { cut, mend, nextOf } of mendings) {
    if (cut.when === 'steady' && !isSteady) continue;
    const { longestMs, to } = cut;
    const values = {
      now,
      cutTo: to === 'window' ? now + longestMs : now,
      beyond: now + longestMs + skewMs,
      limit,
    };
    if (nextOf === null) {
      mended += await executor.run(mend, { ...values, by: '' });
      continue;
    }
    for (let by = ''; ; ) {
      const next = await executor.first(nextOf, { after: by });
      if (next === undefined || next.value === null) break;
      by = next.value;
      mended += await executor.run(mend, { ...values, by });
    }
  }
  return mended;
}

function prepare(mending: Mending, key: readonly string[]): Prepared {
  const { cut, table } = mending;
  const { by, to } = cut;
  const nextOf =
    by === undefined
      ? null
      : rawStatement<{ after: string }, { value: string | null }>(
          (p) => sql`select min(${sql.ref(by)}) as value from ${sql.table(table)}
            where ${conditionOf(cut)} and ${sql.ref(by)} > ${p('after')}`,
        );
  const mend: Mend = to === 'deleted' ? deletion(mending, key) : change(mending, key);
  return { ...mending, mend, nextOf };
}

/** Compares the time once more where it changes it: another transaction may have cut the row since. */
function change({ table, column, cut }: Mending, key: readonly string[]): Mend {
  const { by, also = [] } = cut;
  return statement((p: Binder<Values>) =>
    buildUntyped
      .with(
        (cte) => cte('ahead').materialized(),
        (from) => {
          const rows = from
            .selectFrom(table)
            .select([...key])
            .where(conditionOf(cut));
          const own = by === undefined ? rows : rows.where(by, '=', p('by'));
          return own.where(column, '>', p('beyond')).limit(p('limit'));
        },
      )
      .updateTable(table)
      .from('ahead')
      .set({
        [column]: cut.to === 'next_hour' ? inNextHour(p, `${table}.${column}`) : p('cutTo'),
        ...Object.fromEntries(also.map((other) => [other, notAfterNow(p, `${table}.${other}`)])),
      })
      .where((row) => row.and(key.map((name) => row(`${table}.${name}`, '=', row.ref(`ahead.${name}`)))))
      .where(sql<boolean>`${sql.ref(`${table}.${column}`)} + 0 > ${p('beyond')}`),
  );
}

function deletion({ table, column, cut }: Mending, key: readonly string[]): Mend {
  const keyColumns = sql.join(key.map((name) => sql.ref(name)));
  return rawStatement(
    (p: Binder<Values>) => sql`
      delete from ${sql.table(table)} where (${keyColumns}) in (
        select ${keyColumns} from ${sql.table(table)}
        where ${conditionOf(cut)} and ${sql.ref(column)} > ${p('beyond')} limit ${p('limit')}
      )`,
  );
}

function conditionOf({ where }: Cut): RawBuilder<boolean> {
  return where === undefined ? sql<boolean>`true` : sql<boolean>`(${sql.raw(where)})`;
}

function inNextHour(p: Binder<Values>, column: string): RawBuilder<number> {
  return sql<number>`${p('now')} + ${sql.ref(column)} % ${sql.lit(hourMs)}`;
}

function notAfterNow(p: Binder<Values>, column: string): RawBuilder<number> {
  return sql<number>`case when ${sql.ref(column)} > ${p('now')} then ${p('now')} else ${sql.ref(column)} end`;
}
