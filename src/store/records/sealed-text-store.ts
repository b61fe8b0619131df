/** The sealed texts of every table that has some: listed in the order of the key, and replaced if they have not changed. */
import { sql } from 'kysely';
import {
  type SealedRow,
  type SealedTable,
  type SealedText,
  type SealedTextStore,
  sealedColumns,
} from '../../core/sealing/sealed-text.ts';
import { type Binder, rawStatement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { noOrganization } from './no-organization.ts';

type Position = { orgKey: number; id: string };

/** The statements of one table. */
function statementsFor(table: SealedTable) {
  const column = sql.ref(sealedColumns[table].column);
  return {
    list: rawStatement<Position & { limit: number }, SealedText>(
      (p: Binder<Position & { limit: number }>) => sql`
        select org_key as "orgKey", id, ${column} as sealed from ${sql.table(table)}
        where (org_key, id) > (${p('orgKey')}, ${p('id')}) and ${column} is not null
        order by org_key, id limit ${p('limit')}`,
    ),
    replace: rawStatement(
      (p: Binder<Position & { before: string; after: string }>) => sql`
        update ${sql.table(table)} set ${column} = ${p('after')}
        where org_key = ${p('orgKey')} and id = ${p('id')} and ${column} = ${p('before')}`,
    ),
  };
}

const statements = {
  connections: statementsFor('connections'),
  revocations: statementsFor('revocations'),
  messages: statementsFor('messages'),
  erasures: statementsFor('erasures'),
  receipt_keys: statementsFor('receipt_keys'),
  staff_accounts: statementsFor('staff_accounts'),
} satisfies Record<SealedTable, ReturnType<typeof statementsFor>>;

/** Before every row, because no id is empty. */
const start: SealedRow = { orgKey: noOrganization, id: '' };

export class SqlSealedTextStore implements SealedTextStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  list(table: SealedTable, after: SealedRow | null, limit: number): Promise<readonly SealedText[]> {
    const { orgKey, id } = after ?? start;
    return this.#scope.executor.bulkRows(statements[table].list, { orgKey, id, limit });
  }

  async replace(table: SealedTable, { orgKey, id, sealed }: SealedText, after: string): Promise<boolean> {
    const values = { orgKey, id, before: sealed, after };
    return (await this.#scope.executor.run(statements[table].replace, values)) === 1;
  }
}
