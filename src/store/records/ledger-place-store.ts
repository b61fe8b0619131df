/** How far each ledger of erasures is known here. A copy of the database knows what it knew when it was made. */
import type { LedgerPlaceStore } from '../../core/erasure/ledger.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

/** Stands for no organization. */
const nobody = 0;

const selectPlace = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('erasure_ledgers')
    .select('known_bytes as knownBytes')
    .where('org_key', '=', nobody)
    .where('id', '=', p('id')),
);

const upsertPlace = statement((p: Binder<{ id: string; knownBytes: number }>) =>
  build
    .insertInto('erasure_ledgers')
    .values({ org_key: nobody, id: p('id'), known_bytes: p('knownBytes') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'id'])
        .doUpdateSet((row) => ({ known_bytes: row.ref('excluded.known_bytes') })),
    ),
);

export class SqlLedgerPlaceStore implements LedgerPlaceStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async find(ledgerId: string): Promise<number | null> {
    return (await this.#scope.executor.first(selectPlace, { id: ledgerId }))?.knownBytes ?? null;
  }

  async put(ledgerId: string, knownBytes: number): Promise<void> {
    await this.#scope.executor.run(upsertPlace, { id: ledgerId, knownBytes });
  }
}
