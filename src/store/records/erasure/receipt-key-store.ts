/** The keys that sign receipts. There are few, they are never deleted, and they belong to no organization. */
import type { ReceiptKey, ReceiptKeyStore } from '../../../core/erasure/receipt-key-store.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { noOrganization } from '../no-organization.ts';

const insertKey = statement((p: Binder<{ [K in keyof ReceiptKey]: ReceiptKey[K] }>) =>
  build.insertInto('receipt_keys').values({
    org_key: noOrganization,
    id: p('id'),
    public_key: p('publicKey'),
    sealed_key: p('sealedKey'),
    created_at: p('createdAt'),
    retired_at: p('retiredAt'),
  }),
);

const updateRetired = statement((p: Binder<{ id: string; at: number }>) =>
  build
    .updateTable('receipt_keys')
    .set({ sealed_key: null, retired_at: p('at') })
    .where('org_key', '=', noOrganization)
    .where('id', '=', p('id'))
    .where('retired_at', 'is', null),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build
    .selectFrom('receipt_keys')
    .select([
      'id',
      'public_key as publicKey',
      'sealed_key as sealedKey',
      'created_at as createdAt',
      'retired_at as retiredAt',
    ])
    .where('org_key', '=', noOrganization)
    .orderBy('created_at')
    .orderBy('id'),
);

export class SqlReceiptKeyStore implements ReceiptKeyStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  list(): Promise<readonly ReceiptKey[]> {
    return this.#scope.executor.rows(selectAll, {});
  }

  async insert(key: ReceiptKey): Promise<void> {
    await this.#scope.executor.run(insertKey, { ...key });
  }

  async retire(id: string, at: number): Promise<boolean> {
    return (await this.#scope.executor.run(updateRetired, { id, at })) === 1;
  }
}
