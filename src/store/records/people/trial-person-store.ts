/** The marks of trial persons, one for each app. */
import type { TrialPersonStore } from '../../../core/connect-page/trial-person-store.ts';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type OfApp = { orgKey: number; appId: string };

const insertMark = statement((p: Binder<OfApp & { userId: string }>) =>
  build
    .insertInto('trial_people')
    .values({ org_key: p('orgKey'), user_id: p('userId'), app_id: p('appId') })
    .onConflict((conflict) => conflict.columns(['org_key', 'app_id']).doNothing()),
);

const selectMark = statement((p: Binder<OfApp>) =>
  build
    .selectFrom('trial_people')
    .select('user_id as userId')
    .where('org_key', '=', p('orgKey'))
    .where('app_id', '=', p('appId')),
);

export class SqlTrialPersonStore implements TrialPersonStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(appId: string, userId: UserId): Promise<boolean> {
    return (await this.#scope.executor.run(insertMark, { orgKey: this.#orgKey, appId, userId })) === 1;
  }

  async find(appId: string): Promise<UserId | null> {
    const found = await this.#scope.executor.first(selectMark, { orgKey: this.#orgKey, appId });
    return found?.userId ?? null;
  }
}
