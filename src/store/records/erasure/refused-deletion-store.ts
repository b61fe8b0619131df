/** Deletions that were refused after their commit. There are none as long as the disk works. */
import type {
  RefusedDeletion,
  RefusedDeletionStore,
  RefusedRef,
} from '../../../core/erasure/refused-deletion-store.ts';
import type { OrgKey } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

/** A deletion may be refused again when it is repeated. */
const insertRefused = statement(
  (p: Binder<{ [K in keyof RefusedDeletion]: RefusedDeletion[K] } & { orgKey: number }>) =>
    build
      .insertInto('refused_deletions')
      .values({
        org_key: p('orgKey'),
        erasure_id: p('erasureId'),
        user_digest: p('userDigest'),
        user_number: p('userNumber'),
        app_id: p('appId'),
        refused_at: p('refusedAt'),
      })
      .onConflict((conflict) => conflict.doNothing()),
);

const selected = ['erasure_id as erasureId', 'app_id as appId'] as const;

const selectByDigest = statement((p: Binder<{ orgKey: number; userDigest: string }>) =>
  build
    .selectFrom('refused_deletions')
    .select(selected)
    .where('org_key', '=', p('orgKey'))
    .where('user_digest', '=', p('userDigest')),
);

const selectByNumber = statement((p: Binder<{ orgKey: number; userNumber: number }>) =>
  build
    .selectFrom('refused_deletions')
    .select(selected)
    .where('org_key', '=', p('orgKey'))
    .where('user_number', '=', p('userNumber')),
);

const deleteRefused = statement((p: Binder<{ orgKey: number; erasureId: string }>) =>
  build
    .deleteFrom('refused_deletions')
    .where('org_key', '=', p('orgKey'))
    .where('erasure_id', '=', p('erasureId')),
);

export class SqlRefusedDeletionStore implements RefusedDeletionStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(refused: RefusedDeletion): Promise<void> {
    const { erasureId, userDigest, userNumber, appId, refusedAt } = refused;
    const row = { erasureId, userDigest, userNumber, appId, refusedAt, orgKey: this.#orgKey };
    await this.#scope.executor.run(insertRefused, row);
  }

  async find(ref: RefusedRef): Promise<string | null> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    const found =
      'userDigest' in ref
        ? await executor.first(selectByDigest, { orgKey, userDigest: ref.userDigest })
        : await executor.first(selectByNumber, { orgKey, userNumber: ref.userNumber });
    return found === undefined || (ref.appId ?? found.appId) !== found.appId ? null : found.erasureId;
  }

  async drop(erasureId: string): Promise<void> {
    await this.#scope.executor.run(deleteRefused, { orgKey: this.#orgKey, erasureId });
  }
}
