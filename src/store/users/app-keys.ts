/**
 * Translates between the public id of an app and the small integer that the rows of users hold in its place. The pair
 * never changes and apps are never deleted, so a committed pair stays in memory for good. A pair that is not
 * committed yet is looked up each time.
 */
import { refuse } from '../../core/errors.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, build, statement } from '../sql/statement.ts';

const selectId = statement((p: Binder<{ orgKey: number; appKey: number }>) =>
  build.selectFrom('apps').select('id').where('org_key', '=', p('orgKey')).where('app_key', '=', p('appKey')),
);

const selectKey = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .selectFrom('apps')
    .select('app_key as appKey')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const selectFirstId = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('apps').select('id').where('org_key', '=', p('orgKey')).orderBy('app_key').limit(1),
);

export class AppKeys {
  readonly #committed: Executor;
  readonly #ids = new Map<number, string>();
  readonly #firstIds = new Map<OrgKey, string>();
  readonly #keys = new Map<string, { readonly orgKey: OrgKey; readonly appKey: number }>();

  /** `committed` reads only data that no rollback can undo. */
  constructor(committed: Executor) {
    this.#committed = committed;
  }

  /** The id, where it is in memory. */
  knownId(appKey: number): string | undefined {
    return this.#ids.get(appKey);
  }

  /** The id for a key in a user's row; `executor` is the transaction that read the row. */
  async getId(executor: Executor, orgKey: OrgKey, appKey: number): Promise<string> {
    const known = this.#ids.get(appKey);
    if (known !== undefined) return known;
    const committed = await this.#committed.first(selectId, { orgKey, appKey });
    if (committed !== undefined) {
      this.#remember(orgKey, appKey, committed.id);
      return committed.id;
    }
    const own = await executor.first(selectId, { orgKey, appKey });
    if (own === undefined) throw new Error('a user belongs to an app that is not there');
    return own.id;
  }

  /** The key of an app, or null where the organization has no such app. */
  async findKey(executor: Executor, orgKey: OrgKey, id: string): Promise<number | null> {
    const known = this.#keys.get(id);
    if (known !== undefined) return known.orgKey === orgKey ? known.appKey : null;
    const committed = await this.#committed.first(selectKey, { orgKey, id });
    if (committed !== undefined) {
      this.#remember(orgKey, committed.appKey, id);
      return committed.appKey;
    }
    return (await executor.first(selectKey, { orgKey, id }))?.appKey ?? null;
  }

  /** Like `findKey`; refuses with `not_found` (app). */
  async getKey(executor: Executor, orgKey: OrgKey, id: string): Promise<number> {
    const key = await this.findKey(executor, orgKey, id);
    if (key === null) throw refuse('not_found', { noun: 'app' });
    return key;
  }

  /** The id of the organization's first app, which was created with it. */
  async getFirstId(executor: Executor, orgKey: OrgKey): Promise<string> {
    const known = this.#firstIds.get(orgKey);
    if (known !== undefined) return known;
    const committed = await this.#committed.first(selectFirstId, { orgKey });
    if (committed !== undefined) this.#firstIds.set(orgKey, committed.id);
    const first = committed ?? (await executor.first(selectFirstId, { orgKey }));
    if (first === undefined) throw new Error('the organization has no app');
    return first.id;
  }

  #remember(orgKey: OrgKey, appKey: number, id: string): void {
    this.#ids.set(appKey, id);
    this.#keys.set(id, { orgKey, appKey });
  }
}
