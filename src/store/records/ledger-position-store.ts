/**
 * Up to which position the database knows each ledger of erasures. A copy of the database has the position of the time
 * when the copy was made.
 */
import type { LedgerPositionStore } from '../../core/erasure/ledger.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { noOrganization } from './no-organization.ts';

const selectPosition = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('erasure_ledgers')
    .select('known_bytes as knownBytes')
    .where('org_key', '=', noOrganization)
    .where('id', '=', p('id')),
);

const upsertPosition = statement((p: Binder<{ id: string; knownBytes: number }>) =>
  build
    .insertInto('erasure_ledgers')
    .values({ org_key: noOrganization, id: p('id'), known_bytes: p('knownBytes') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'id'])
        .doUpdateSet((row) => ({ known_bytes: row.ref('excluded.known_bytes') })),
    ),
);

export class SqlLedgerPositionStore implements LedgerPositionStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async find(ledgerId: string): Promise<number | null> {
    return (await this.#scope.executor.first(selectPosition, { id: ledgerId }))?.knownBytes ?? null;
  }

  async put(ledgerId: string, knownBytes: number): Promise<void> {
    await this.#scope.executor.run(upsertPosition, { id: ledgerId, knownBytes });
  }
}
