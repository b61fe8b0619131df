/** The cost of the dearest imported password hash, a row for each organization that has imported hashes. */
import type { HashCost, HashCostQueue, HashCostStore } from '../../../core/access/hash-cost.ts';
import type { OrgKey } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

const selectCost = statement((p: Binder<{ orgKey: number }>) =>
  build
    .selectFrom('hash_costs')
    .select(['units', 'is_measured as isMeasured'])
    .where('org_key', '=', p('orgKey')),
);

const raiseCost = statement((p: Binder<{ orgKey: number; units: number }>) =>
  build
    .insertInto('hash_costs')
    .values({ org_key: p('orgKey'), units: p('units'), is_measured: 1 })
    .onConflict((conflict) =>
      conflict
        .column('org_key')
        .doUpdateSet((row) => ({ units: row.ref('excluded.units') }))
        .whereRef('hash_costs.units', '<', 'excluded.units'),
    ),
);

const setMeasured = statement((p: Binder<{ orgKey: number }>) =>
  build.updateTable('hash_costs').set({ is_measured: 1 }).where('org_key', '=', p('orgKey')),
);

/** The table has a row for each organization at most. */
const selectUnmeasured = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('hash_costs')
    .select('org_key as orgKey')
    .where('org_key', '>', 0)
    .where('is_measured', '=', 0)
    .limit(1),
);

export class SqlHashCostStore implements HashCostStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async find(): Promise<HashCost | null> {
    const row = await this.#scope.executor.first(selectCost, { orgKey: this.#orgKey });
    return row === undefined ? null : { units: row.units, isMeasured: row.isMeasured === 1 };
  }

  async raise(units: number): Promise<void> {
    await this.#scope.executor.run(raiseCost, { orgKey: this.#orgKey, units });
  }

  async noteMeasured(): Promise<void> {
    await this.#scope.executor.run(setMeasured, { orgKey: this.#orgKey });
  }
}

export class SqlHashCostQueue implements HashCostQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async findUnmeasured(): Promise<OrgKey | null> {
    return (await this.#scope.executor.first(selectUnmeasured, {}))?.orgKey ?? null;
  }
}
