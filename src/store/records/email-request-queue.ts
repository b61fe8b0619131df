/** The requests of email addresses across organizations, by their age. */
import type { OrgKey, UserId } from '../../core/ids.ts';
import type { EmailRequestQueue } from '../../core/verification/email-request-queue.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const selectOldest = statement((p: Binder<{ until: number; limit: number }>) =>
  build
    .selectFrom('users')
    .select(['org_key as orgKey', 'id'])
    .where('email_requested_at', '<=', p('until'))
    .orderBy('email_requested_at')
    .limit(p('limit')),
);

export class SqlEmailRequestQueue implements EmailRequestQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  list(until: number, limit: number): Promise<readonly { readonly orgKey: OrgKey; readonly id: UserId }[]> {
    return this.#scope.executor.rows(selectOldest, { until, limit });
  }
}
