/** The networks from which accounts sign in, as keyed digests. A site is the wider network around several of them. */
import type {
  KnownNetworkStore,
  NetworkDigests,
  NetworkFamiliarity,
} from '../../../core/access/known-network.ts';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type OfUser = { orgKey: number; userId: string };
type Digests = { site: string; network: string };

/** The networks of the site that were used since then. An account has few. */
const selectOfSite = statement((p: Binder<OfUser & { site: string; since: number }>) =>
  build
    .selectFrom('known_networks')
    .select('network')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('site', '=', p('site'))
    .where('used_at', '>', p('since')),
);

const upsertNetwork = statement((p: Binder<OfUser & Digests & { usedAt: number }>) =>
  build
    .insertInto('known_networks')
    .values({
      org_key: p('orgKey'),
      user_id: p('userId'),
      site: p('site'),
      network: p('network'),
      used_at: p('usedAt'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'user_id', 'site', 'network'])
        .doUpdateSet((row) => ({ used_at: row.ref('excluded.used_at') })),
    ),
);

/** One more than the account keeps; the order also decides between those of one instant. */
const selectSurplus = statement((p: Binder<OfUser & { except: string; skip: number }>) =>
  build
    .selectFrom('known_networks')
    .select(['site', 'network'])
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('network', '<>', p('except'))
    .orderBy('used_at', 'desc')
    .orderBy('network')
    .limit(1)
    .offset(p('skip')),
);

const selectUses = statement((p: Binder<OfUser & { since: number }>) =>
  build
    .selectFrom('known_networks')
    .select('used_at as usedAt')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('used_at', '>', p('since'))
    .orderBy('used_at', 'desc'),
);

const deleteNetwork = statement((p: Binder<OfUser & Digests>) =>
  build
    .deleteFrom('known_networks')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('site', '=', p('site'))
    .where('network', '=', p('network')),
);

const deleteOfUser = statement((p: Binder<OfUser>) =>
  build.deleteFrom('known_networks').where('org_key', '=', p('orgKey')).where('user_id', '=', p('userId')),
);

export class SqlKnownNetworkStore implements KnownNetworkStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async find(userId: UserId, { network, site }: NetworkDigests, since: number): Promise<NetworkFamiliarity> {
    const own = { orgKey: this.#orgKey, userId };
    const rows = await this.#scope.executor.rows(selectOfSite, { ...own, site, since });
    return { isKnown: rows.some((row) => row.network === network), isSiteKnown: rows.length > 0 };
  }

  async listUses(userId: UserId, since: number): Promise<readonly number[]> {
    const rows = await this.#scope.executor.rows(selectUses, { orgKey: this.#orgKey, userId, since });
    return rows.map(({ usedAt }) => usedAt);
  }

  async note(userId: UserId, digests: NetworkDigests, at: number): Promise<void> {
    await this.#scope.executor.runDeferred(upsertNetwork, {
      orgKey: this.#orgKey,
      userId,
      ...digests,
      usedAt: at,
    });
  }

  async forgetOldest(userId: UserId, except: NetworkDigests, keep: number): Promise<void> {
    const { executor } = this.#scope;
    const own = { orgKey: this.#orgKey, userId };
    const surplus = await executor.first(selectSurplus, { ...own, except: except.network, skip: keep - 1 });
    if (surplus !== undefined) await executor.run(deleteNetwork, { ...own, ...surplus });
  }

  async drop(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteOfUser, { orgKey: this.#orgKey, userId });
  }
}
