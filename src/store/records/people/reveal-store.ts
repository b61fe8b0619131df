/** The reasons for which staff looked at masked fields of people. */
import type { OrgKey, UserId } from '../../../core/ids.ts';
import type { Reveal, RevealStore } from '../../../core/people/reveal-store.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type Row = { orgKey: number; eventId: string; userId: string; reason: string; at: number };

const insertReveal = statement((p: Binder<Row>) =>
  build.insertInto('reveals').values({
    org_key: p('orgKey'),
    event_id: p('eventId'),
    user_id: p('userId'),
    reason: p('reason'),
    at: p('at'),
  }),
);

const selectOfUser = statement((p: Binder<{ orgKey: number; userId: string; limit: number }>) =>
  build
    .selectFrom('reveals')
    .select(['event_id as eventId', 'user_id as userId', 'reason', 'at'])
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .orderBy('event_id', 'desc')
    .limit(p('limit')),
);

export class SqlRevealStore implements RevealStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert({ eventId, userId, reason, at }: Reveal): Promise<void> {
    await this.#scope.executor.run(insertReveal, { orgKey: this.#orgKey, eventId, userId, reason, at });
  }

  listOf(userId: UserId, limit: number): Promise<readonly Reveal[]> {
    return this.#scope.executor.rows(selectOfUser, { orgKey: this.#orgKey, userId, limit });
  }
}
