/**
 * Up to which position the database knows each ledger of erasures, with the code of the line before it. A copy of the
 * database has the position of the time when the copy was made.
 */
import type { LedgerHead, LedgerPositionStore } from '../../../core/erasure/ledger.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { noOrganization } from '../no-organization.ts';

const selectPosition = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('erasure_ledgers')
    .select(['known_bytes as bytes', 'known_code as code'])
    .where('org_key', '=', noOrganization)
    .where('id', '=', p('id')),
);

const selectKnown = statement(() =>
  build
    .selectFrom('erasure_ledgers')
    .select('id')
    .where('org_key', '=', noOrganization)
    .where('id', '>', '')
    .where('known_code', 'is not', null)
    .limit(1),
);

const selectIds = statement(() =>
  build.selectFrom('erasure_ledgers').select('id').where('org_key', '=', noOrganization).where('id', '>', ''),
);

const deletePosition = statement((p: Binder<{ id: string }>) =>
  build.deleteFrom('erasure_ledgers').where('org_key', '=', noOrganization).where('id', '=', p('id')),
);

/** Of several processes the one with the earlier position may be the last to store it. */
const upsertPosition = statement((p: Binder<{ id: string; bytes: number; code: string | null }>) =>
  build
    .insertInto('erasure_ledgers')
    .values({ org_key: noOrganization, id: p('id'), known_bytes: p('bytes'), known_code: p('code') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'id'])
        .doUpdateSet((row) => ({
          known_bytes: row.ref('excluded.known_bytes'),
          known_code: row.ref('excluded.known_code'),
        }))
        .whereRef('erasure_ledgers.known_bytes', '<', 'excluded.known_bytes'),
    ),
);

export class SqlLedgerPositionStore implements LedgerPositionStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async find(ledgerId: string): Promise<LedgerHead | null> {
    return (await this.#scope.executor.first(selectPosition, { id: ledgerId })) ?? null;
  }

  async isAnyKnown(): Promise<boolean> {
    return (await this.#scope.executor.first(selectKnown, {})) !== undefined;
  }

  async listIds(): Promise<readonly string[]> {
    return (await this.#scope.executor.rows(selectIds, {})).map(({ id }) => id);
  }

  async forget(ledgerId: string): Promise<void> {
    await this.#scope.executor.run(deletePosition, { id: ledgerId });
  }

  async put(ledgerId: string, { bytes, code }: LedgerHead): Promise<void> {
    await this.#scope.executor.run(upsertPosition, { id: ledgerId, bytes, code });
  }
}
