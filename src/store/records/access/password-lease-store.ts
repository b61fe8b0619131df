/** The leases of changes of passwords, a row for each account whose password is being changed. */
import type { PasswordLeaseStore } from '../../../core/access/password-changes.ts';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type Held = { orgKey: number; userId: string; holder: string };

/** One statement, so of two claims at the same time one gets the lease. */
const claimLease = statement((p: Binder<Held & { now: number; expiresAt: number }>) =>
  build
    .insertInto('password_leases')
    .values({ org_key: p('orgKey'), user_id: p('userId'), holder: p('holder'), expires_at: p('expiresAt') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'user_id'])
        .doUpdateSet((row) => ({
          holder: row.ref('excluded.holder'),
          expires_at: row.ref('excluded.expires_at'),
        }))
        .where('password_leases.expires_at', '<=', p('now')),
    ),
);

const deleteLease = statement((p: Binder<Held>) =>
  build
    .deleteFrom('password_leases')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('holder', '=', p('holder')),
);

export class SqlPasswordLeaseStore implements PasswordLeaseStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async claim(userId: UserId, holder: string, now: number, expiresAt: number): Promise<boolean> {
    const values = { orgKey: this.#orgKey, userId, holder, now, expiresAt };
    return (await this.#scope.executor.run(claimLease, values)) === 1;
  }

  async release(userId: UserId, holder: string): Promise<boolean> {
    return (await this.#scope.executor.run(deleteLease, { orgKey: this.#orgKey, userId, holder })) === 1;
  }
}
