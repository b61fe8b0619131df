/** The OAuth flows that people have started. One is found by the digest of its flow token or of its present state. */

import type { OrgKey, UserId } from '../../core/ids.ts';
import type {
  AttemptOutcome,
  AttemptProgress,
  OAuthAttempt,
  OAuthAttemptStore,
  ReturnTo,
  SeenAttempt,
} from '../../core/providers/connection.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

type ByFlow = { orgKey: number; flowDigest: string };
type ByState = { orgKey: number; stateDigest: string };
type OfConnection = { orgKey: number; connectionId: string };

const columns = [
  'flow_digest as flowDigest',
  'connection_id as connectionId',
  'user_id as userId',
  'sealed_secrets as sealedSecrets',
  'return_to as returnTo',
  'expires_at as expiresAt',
] as const;

const seenColumns = [
  ...columns,
  'state_digest as stateDigest',
  'browser_digest as browserDigest',
  'outcome',
  'settles_at as settlesAt',
] as const;

const insertAttempt = statement(
  (
    p: Binder<
      OfConnection & {
        flowDigest: string;
        userId: string;
        sealedSecrets: string;
        returnTo: ReturnTo;
        expiresAt: number;
      }
    >,
  ) =>
    build.insertInto('oauth_attempts').values({
      org_key: p('orgKey'),
      flow_digest: p('flowDigest'),
      connection_id: p('connectionId'),
      user_id: p('userId'),
      sealed_secrets: p('sealedSecrets'),
      return_to: p('returnTo'),
      expires_at: p('expiresAt'),
      state_digest: null,
      browser_digest: null,
      outcome: null,
      settles_at: null,
    }),
);

const selectAttempt = statement((p: Binder<ByFlow>) =>
  build
    .selectFrom('oauth_attempts')
    .select(seenColumns)
    .where('org_key', '=', p('orgKey'))
    .where('flow_digest', '=', p('flowDigest')),
);

const selectByState = statement((p: Binder<ByState>) =>
  build
    .selectFrom('oauth_attempts')
    .select(seenColumns)
    .where('org_key', '=', p('orgKey'))
    .where('state_digest', '=', p('stateDigest')),
);

const bindAttempt = statement(
  (p: Binder<ByFlow & { stateDigest: string; browserDigest: string; sealedSecrets: string }>) =>
    build
      .updateTable('oauth_attempts')
      .set({
        state_digest: p('stateDigest'),
        browser_digest: p('browserDigest'),
        sealed_secrets: p('sealedSecrets'),
      })
      .where('org_key', '=', p('orgKey'))
      .where('flow_digest', '=', p('flowDigest'))
      .where('outcome', 'is', null),
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
  (p: Binder<ByFlow & { outcome: AttemptOutcome | null; settlesAt: number | null }>) =>
    build
      .updateTable('oauth_attempts')
      .set({ outcome: p('outcome'), settles_at: p('settlesAt') })
      .where('org_key', '=', p('orgKey'))
      .where('flow_digest', '=', p('flowDigest')),
);

const updateExpiry = statement((p: Binder<ByFlow & { expiresAt: number }>) =>
  build
    .updateTable('oauth_attempts')
    .set({ expires_at: p('expiresAt') })
    .where('org_key', '=', p('orgKey'))
    .where('flow_digest', '=', p('flowDigest')),
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

const deleteOpenOfUser = statement((p: Binder<{ orgKey: number; userId: string }>) =>
  build
    .deleteFrom('oauth_attempts')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
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

  async find(flowDigest: string): Promise<SeenAttempt | null> {
    return (await this.#scope.executor.first(selectAttempt, { orgKey: this.#orgKey, flowDigest })) ?? null;
  }

  async findByState(stateDigest: string): Promise<SeenAttempt | null> {
    return (await this.#scope.executor.first(selectByState, { orgKey: this.#orgKey, stateDigest })) ?? null;
  }

  async bind(
    flowDigest: string,
    binding: { readonly stateDigest: string; readonly browserDigest: string; readonly sealedSecrets: string },
  ): Promise<boolean> {
    const values = { orgKey: this.#orgKey, flowDigest, ...binding };
    return (await this.#scope.executor.run(bindAttempt, values)) === 1;
  }

  async consume(stateDigest: string): Promise<OAuthAttempt | null> {
    return (await this.#scope.executor.first(takeAttempt, { orgKey: this.#orgKey, stateDigest })) ?? null;
  }

  async settle(flowDigest: string, { outcome, settlesAt }: AttemptProgress): Promise<void> {
    await this.#scope.executor.run(updateProgress, { orgKey: this.#orgKey, flowDigest, outcome, settlesAt });
  }

  async extend(flowDigest: string, expiresAt: number): Promise<void> {
    await this.#scope.executor.run(updateExpiry, { orgKey: this.#orgKey, flowDigest, expiresAt });
  }

  async findOpen(connectionId: string, now: number): Promise<OAuthAttempt | null> {
    const values = { orgKey: this.#orgKey, connectionId, now };
    return (await this.#scope.executor.first(selectNewestOpen, values)) ?? null;
  }

  async drop(connectionId: string): Promise<void> {
    await this.#scope.executor.run(deleteOpen, { orgKey: this.#orgKey, connectionId });
  }

  async dropOf(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteOpenOfUser, { orgKey: this.#orgKey, userId });
  }
}
