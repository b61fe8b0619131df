/** Requests for a reset link that wait for the job. A request is consumed by deleting it. */
import type { OrgKey } from '../../core/ids.ts';
import type {
  PasswordRequest,
  PasswordRequestQueue,
  PasswordRequestStore,
} from '../../core/messaging/password-request.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const insertRequest = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      emailDigest: string;
      sealedEmail: string;
      door: string;
      createdAt: number;
    }>,
  ) =>
    build.insertInto('password_requests').values({
      org_key: p('orgKey'),
      id: p('id'),
      email_digest: p('emailDigest'),
      sealed_email: p('sealedEmail'),
      door: p('door'),
      created_at: p('createdAt'),
    }),
);

/** If the jobs of several processes have read the same request, the one that deletes it sends the mail. */
const takeRequest = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build.deleteFrom('password_requests').where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

/** In the order of writing. The table holds only requests that no job has answered yet. */
const selectOldest = statement((p: Binder<{ limit: number }>) =>
  build
    .selectFrom('password_requests')
    .select([
      'org_key as orgKey',
      'id',
      'email_digest as emailDigest',
      'sealed_email as sealedEmail',
      'door',
      'created_at as createdAt',
    ])
    .orderBy('seq')
    .limit(p('limit')),
);

export class SqlPasswordRequestStore implements PasswordRequestStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(request: Omit<PasswordRequest, 'orgKey'>): Promise<void> {
    const { id, emailDigest, sealedEmail, door, createdAt } = request;
    const values = { orgKey: this.#orgKey, id, emailDigest, sealedEmail, door, createdAt };
    await this.#scope.executor.run(insertRequest, values);
    this.#scope.notifyAfterCommit('password_requests');
  }

  async consume(requestId: string): Promise<boolean> {
    const values = { orgKey: this.#orgKey, id: requestId };
    return (await this.#scope.executor.run(takeRequest, values)) === 1;
  }
}

export class SqlPasswordRequestQueue implements PasswordRequestQueue {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  list(limit: number): Promise<readonly PasswordRequest[]> {
    return this.#scope.executor.rows(selectOldest, { limit });
  }
}
