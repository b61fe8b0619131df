/** The OAuth flows that people have started. One is found by the digest of its state, and stays until it has expired. */

import type { OrgKey } from '../../core/ids.ts';
import type {
  AttemptOutcome,
  AttemptProgress,
  OAuthAttempt,
  OAuthAttemptStore,
  ReturnTo,
} from '../../core/providers/connection.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type ByState = { orgKey: number; stateDigest: string };
type OfConnection = { orgKey: number; connectionId: string };

const columns = [
  'state_digest as stateDigest',
  'connection_id as connectionId',
  'user_id as userId',
  'sealed_secrets as sealedSecrets',
  'return_to as returnTo',
  'expires_at as expiresAt',
] as const;

const insertAttempt = statement(
  (
    p: Binder<
      OfConnection & {
        stateDigest: string;
        userId: string;
        sealedSecrets: string;
        returnTo: ReturnTo;
        expiresAt: number;
      }
    >,
  ) =>
    build.insertInto('oauth_attempts').values({
      org_key: p('orgKey'),
      state_digest: p('stateDigest'),
      connection_id: p('connectionId'),
      user_id: p('userId'),
      sealed_secrets: p('sealedSecrets'),
      return_to: p('returnTo'),
      expires_at: p('expiresAt'),
      outcome: null,
      settles_at: null,
    }),
);

const selectAttempt = statement((p: Binder<ByState>) =>
  build
    .selectFrom('oauth_attempts')
    .select([...columns, 'outcome', 'settles_at as settlesAt'])
    .where('org_key', '=', p('orgKey'))
    .where('state_digest', '=', p('stateDigest')),
);

/** Only the request whose update returns the row has consumed the attempt. */
const takeAttempt = statement((p: Binder<ByState>) =>
  build
    .updateTable('oauth_attempts')
    .set({ outcome: 'refused' })
    .where('org_key', '=', p('orgKey'))
    .where('state_digest', '=', p('stateDigest'))
    .where('outcome', 'is', null)
    .returning(columns),
);

const updateProgress = statement(
  (p: Binder<ByState & { outcome: AttemptOutcome | null; settlesAt: number | null }>) =>
    build
      .updateTable('oauth_attempts')
      .set({ outcome: p('outcome'), settles_at: p('settlesAt') })
      .where('org_key', '=', p('orgKey'))
      .where('state_digest', '=', p('stateDigest')),
);

const selectNewestOpen = statement((p: Binder<OfConnection & { now: number }>) =>
  build
    .selectFrom('oauth_attempts')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('connection_id', '=', p('connectionId'))
    .where('outcome', 'is', null)
    .where('expires_at', '>', p('now'))
    .orderBy('expires_at', 'desc')
    .limit(1),
);

const deleteOpen = statement((p: Binder<OfConnection>) =>
  build
    .deleteFrom('oauth_attempts')
    .where('org_key', '=', p('orgKey'))
    .where('connection_id', '=', p('connectionId'))
    .where('outcome', 'is', null),
);

export class SqlOAuthAttemptStore implements OAuthAttemptStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(attempt: OAuthAttempt): Promise<void> {
    await this.#scope.executor.run(insertAttempt, { ...attempt, orgKey: this.#orgKey });
  }

  async find(stateDigest: string): Promise<(OAuthAttempt & AttemptProgress) | null> {
    const values = { orgKey: this.#orgKey, stateDigest };
    return (await this.#scope.executor.first(selectAttempt, values)) ?? null;
  }

  async consume(stateDigest: string): Promise<OAuthAttempt | null> {
    const values = { orgKey: this.#orgKey, stateDigest };
    return (await this.#scope.executor.first(takeAttempt, values)) ?? null;
  }

  async settle(stateDigest: string, { outcome, settlesAt }: AttemptProgress): Promise<void> {
    await this.#scope.executor.run(updateProgress, { orgKey: this.#orgKey, stateDigest, outcome, settlesAt });
  }

  async findOpen(connectionId: string, now: number): Promise<OAuthAttempt | null> {
    const values = { orgKey: this.#orgKey, connectionId, now };
    return (await this.#scope.executor.first(selectNewestOpen, values)) ?? null;
  }

  async drop(connectionId: string): Promise<void> {
    await this.#scope.executor.run(deleteOpen, { orgKey: this.#orgKey, connectionId });
  }
}
