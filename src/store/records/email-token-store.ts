/** The tokens of links that prove, change or restore an email, by their digest. A token is consumed by deleting it. */
import type { OrgKey, UserId } from '../../core/ids.ts';
import type { EmailToken, EmailTokenPurpose, EmailTokenStore } from '../../core/verification/email-token.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = [
  'user_id as userId',
  'purpose',
  'email_digest as emailDigest',
  'sealed_email as sealedEmail',
  'expires_at as expiresAt',
] as const;

type ByDigest = { orgKey: number; digest: string; purpose: EmailTokenPurpose; now: number };
type OfUser = { orgKey: number; userId: string };

const insertToken = statement(
  (
    p: Binder<
      OfUser & {
        digest: string;
        purpose: EmailTokenPurpose;
        emailDigest: string;
        sealedEmail: string | null;
        expiresAt: number;
      }
    >,
  ) =>
    build.insertInto('email_tokens').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      user_id: p('userId'),
      purpose: p('purpose'),
      email_digest: p('emailDigest'),
      sealed_email: p('sealedEmail'),
      expires_at: p('expiresAt'),
    }),
);

/** Does not consume the token, for a page that asks whether its link is still valid. */
const selectOpen = statement((p: Binder<ByDigest>) =>
  build
    .selectFrom('email_tokens')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('purpose', '=', p('purpose'))
    .where('expires_at', '>', p('now')),
);

/** Only the request whose deletion returns the row has consumed the token. */
const takeToken = statement((p: Binder<ByDigest>) =>
  build
    .deleteFrom('email_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('purpose', '=', p('purpose'))
    .where('expires_at', '>', p('now'))
    .returning(columns),
);

const deleteOfUser = statement((p: Binder<OfUser>) =>
  build
    .deleteFrom('email_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('purpose', '<>', 'undo'),
);

const deleteChange = statement((p: Binder<OfUser>) =>
  build
    .deleteFrom('email_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('purpose', '=', 'change'),
);

const deleteUndos = statement((p: Binder<OfUser & { from: number }>) =>
  build
    .deleteFrom('email_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('purpose', '=', 'undo')
    .where('expires_at', '>=', p('from')),
);

const selectOpenOfUser = statement((p: Binder<OfUser & { now: number }>) =>
  build
    .selectFrom('email_tokens')
    .select(['purpose', 'expires_at as expiresAt'])
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('expires_at', '>', p('now'))
    .orderBy('expires_at'),
);

export class SqlEmailTokenStore implements EmailTokenStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(token: EmailToken, digest: string): Promise<void> {
    await this.#scope.executor.insertDeferred(insertToken, { ...token, orgKey: this.#orgKey, digest });
  }

  async findOpen(purpose: EmailTokenPurpose, digest: string, now: number): Promise<EmailToken | null> {
    const values = { orgKey: this.#orgKey, digest, purpose, now };
    return (await this.#scope.executor.first(selectOpen, values)) ?? null;
  }

  async consume(purpose: EmailTokenPurpose, digest: string, now: number): Promise<EmailToken | null> {
    const values = { orgKey: this.#orgKey, digest, purpose, now };
    return (await this.#scope.executor.first(takeToken, values)) ?? null;
  }

  async drop(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteOfUser, { orgKey: this.#orgKey, userId });
  }

  async dropChange(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteChange, { orgKey: this.#orgKey, userId });
  }

  async dropUndosFrom(userId: UserId, from: number): Promise<void> {
    await this.#scope.executor.run(deleteUndos, { orgKey: this.#orgKey, userId, from });
  }

  listOpen(userId: UserId, now: number): Promise<readonly Pick<EmailToken, 'purpose' | 'expiresAt'>[]> {
    return this.#scope.executor.rows(selectOpenOfUser, { orgKey: this.#orgKey, userId, now });
  }
}
