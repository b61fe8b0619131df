/** The tokens of reset and invitation links, by their digest. A token is consumed by deleting it. */
import type { NotNull } from 'kysely';
import type { OrgKey, UserId } from '../../core/ids.ts';
import type {
  PasswordToken,
  PasswordTokenPurpose,
  PasswordTokenStore,
  StoredPasswordToken,
} from '../../core/verification/password-token.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = [
  'user_id as userId',
  'purpose',
  'email_digest as emailDigest',
  'expires_at as expiresAt',
] as const;

type OfSomeUser = { userId: NotNull };
type ByDigest = { orgKey: number; digest: string; now: number };
type OfUser = { orgKey: number; userId: string };

const insertToken = statement(
  (
    p: Binder<{
      orgKey: number;
      userId: string | null;
      digest: string;
      purpose: PasswordTokenPurpose;
      emailDigest: string | null;
      expiresAt: number;
    }>,
  ) =>
    build.insertInto('password_tokens').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      user_id: p('userId'),
      purpose: p('purpose'),
      expires_at: p('expiresAt'),
      email_digest: p('emailDigest'),
    }),
);

/** Does not consume the token, for a page that asks whether its link is still valid. */
const selectOpen = statement((p: Binder<ByDigest>) =>
  build
    .selectFrom('password_tokens')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('user_id', 'is not', null)
    .where('expires_at', '>', p('now'))
    .$narrowType<OfSomeUser>(),
);

/** Only the request whose deletion returns the row has consumed the token. */
const takeToken = statement((p: Binder<ByDigest>) =>
  build
    .deleteFrom('password_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('user_id', 'is not', null)
    .where('expires_at', '>', p('now'))
    .returning(columns)
    .$narrowType<OfSomeUser>(),
);

const deleteOfUser = statement((p: Binder<OfUser>) =>
  build.deleteFrom('password_tokens').where('org_key', '=', p('orgKey')).where('user_id', '=', p('userId')),
);

const deleteOfPurpose = statement((p: Binder<OfUser & { purpose: PasswordTokenPurpose }>) =>
  build
    .deleteFrom('password_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('purpose', '=', p('purpose')),
);

const deleteDecoys = statement((p: Binder<{ orgKey: number }>) =>
  build.deleteFrom('password_tokens').where('org_key', '=', p('orgKey')).where('user_id', 'is', null),
);

/** For the operator, ordered by expiry. */
const selectOpenOfUser = statement((p: Binder<OfUser & { now: number }>) =>
  build
    .selectFrom('password_tokens')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('expires_at', '>', p('now'))
    .orderBy('expires_at')
    .$narrowType<OfSomeUser>(),
);

export class SqlPasswordTokenStore implements PasswordTokenStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(token: StoredPasswordToken, digest: string): Promise<void> {
    await this.#scope.executor.insertDeferred(insertToken, { ...token, orgKey: this.#orgKey, digest });
  }

  async findOpen(digest: string, now: number): Promise<PasswordToken | null> {
    return (await this.#scope.executor.first(selectOpen, { orgKey: this.#orgKey, digest, now })) ?? null;
  }

  async consume(digest: string, now: number): Promise<PasswordToken | null> {
    return (await this.#scope.executor.first(takeToken, { orgKey: this.#orgKey, digest, now })) ?? null;
  }

  async drop(userId: UserId, purpose?: PasswordTokenPurpose): Promise<void> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    if (purpose === undefined) await executor.run(deleteOfUser, { orgKey, userId });
    else await executor.run(deleteOfPurpose, { orgKey, userId, purpose });
  }

  async dropDecoys(): Promise<void> {
    await this.#scope.executor.run(deleteDecoys, { orgKey: this.#orgKey });
  }

  listOpen(userId: UserId, now: number): Promise<readonly PasswordToken[]> {
    return this.#scope.executor.rows(selectOpenOfUser, { orgKey: this.#orgKey, userId, now });
  }
}
