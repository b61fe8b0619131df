/** The confirmation codes of users. A user has at most one. */
import type { OrgKey, UserId } from '../../core/ids.ts';
import type { ConfirmationCode, ConfirmationCodeStore } from '../../core/verification/confirmation-code.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type OfUser = { orgKey: number; userId: string };

/** A new code replaces the earlier one, with its number of tries. */
const upsertCode = statement((p: Binder<OfUser & { digest: string; expiresAt: number; triesLeft: number }>) =>
  build
    .insertInto('confirmation_codes')
    .values({
      org_key: p('orgKey'),
      user_id: p('userId'),
      digest: p('digest'),
      expires_at: p('expiresAt'),
      tries_left: p('triesLeft'),
    })
    .onConflict((conflict) =>
      conflict.columns(['org_key', 'user_id']).doUpdateSet((row) => ({
        digest: row.ref('excluded.digest'),
        expires_at: row.ref('excluded.expires_at'),
        tries_left: row.ref('excluded.tries_left'),
      })),
    ),
);

const selectCode = statement((p: Binder<OfUser>) =>
  build
    .selectFrom('confirmation_codes')
    .select(['digest', 'expires_at as expiresAt', 'tries_left as triesLeft'])
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId')),
);

/** All conditions are part of the deletion, so of many requests with the same code exactly one succeeds. */
const takeCode = statement((p: Binder<OfUser & { first: string; second: string; now: number }>) =>
  build
    .deleteFrom('confirmation_codes')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('digest', 'in', [p('first'), p('second')])
    .where('expires_at', '>', p('now'))
    .where('tries_left', '>', 0)
    .returning('digest'),
);

/** The database counts down, so guesses that arrive at the same time spend a try each. */
const spendOne = statement((p: Binder<OfUser>) =>
  build
    .updateTable('confirmation_codes')
    .set((row) => ({ tries_left: row('tries_left', '-', 1) }))
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('tries_left', '>', 0),
);

const deleteCode = statement((p: Binder<OfUser>) =>
  build
    .deleteFrom('confirmation_codes')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId')),
);

export class SqlConfirmationCodeStore implements ConfirmationCodeStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async put(userId: UserId, code: ConfirmationCode): Promise<void> {
    const { digest, expiresAt, triesLeft } = code;
    const values = { orgKey: this.#orgKey, userId, digest, expiresAt, triesLeft };
    await this.#scope.executor.run(upsertCode, values);
  }

  async find(userId: UserId): Promise<ConfirmationCode | null> {
    return (await this.#scope.executor.first(selectCode, { orgKey: this.#orgKey, userId })) ?? null;
  }

  async consume(
    userId: UserId,
    [first, second]: readonly [string, string],
    now: number,
  ): Promise<string | null> {
    const values = { orgKey: this.#orgKey, userId, first, second, now };
    return (await this.#scope.executor.first(takeCode, values))?.digest ?? null;
  }

  async spendTry(userId: UserId): Promise<void> {
    await this.#scope.executor.run(spendOne, { orgKey: this.#orgKey, userId });
  }

  async drop(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteCode, { orgKey: this.#orgKey, userId });
  }
}
