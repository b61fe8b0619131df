/** Totals of what is refused in a day, of an organization or of the deployment. */
import type { DayTotal, DayTotalKind, DayTotalStore } from '../../core/figures/day-totals.ts';
import type { OrgKey } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type Total = { orgKey: number; day: number; what: DayTotalKind; times: number };

const addTotal = statement((p: Binder<Total>) =>
  build
    .insertInto('day_totals')
    .values({ org_key: p('orgKey'), day: p('day'), what: p('what'), times: p('times') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'day', 'what'])
        .doUpdateSet((row) => ({ times: row('day_totals.times', '+', row.ref('excluded.times')) })),
    ),
);

/** A few rows for each day. */
const selectSince = statement((p: Binder<{ orgKey: number; day: number }>) =>
  build
    .selectFrom('day_totals')
    .select(['day', 'what', 'times'])
    .where('org_key', '=', p('orgKey'))
    .where('day', '>=', p('day'))
    .orderBy('day')
    .orderBy('what'),
);

export class SqlDayTotalStore implements DayTotalStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async add({ day, what, times }: DayTotal): Promise<void> {
    await this.#scope.executor.run(addTotal, { orgKey: this.#orgKey, day, what, times });
  }

  listSince(day: number): Promise<readonly DayTotal[]> {
    return this.#scope.executor.rows(selectSince, { orgKey: this.#orgKey, day });
  }
}
