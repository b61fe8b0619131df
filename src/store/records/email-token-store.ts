/** The tokens of links that prove an email, by their digest. A token is consumed by deleting it. */
import type { OrgKey, UserId } from '../../core/ids.ts';
import type { EmailToken, EmailTokenStore } from '../../core/verification/email-token.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = ['user_id as userId', 'email_digest as emailDigest', 'expires_at as expiresAt'] as const;

type ByDigest = { orgKey: number; digest: string; now: number };
type OfUser = { orgKey: number; userId: string };

const insertToken = statement(
  (p: Binder<OfUser & { digest: string; emailDigest: string; expiresAt: number }>) =>
    build.insertInto('email_tokens').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      user_id: p('userId'),
      email_digest: p('emailDigest'),
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
    .where('expires_at', '>', p('now')),
);

/** Only the request whose deletion returns the row has consumed the token. */
const takeToken = statement((p: Binder<ByDigest>) =>
  build
    .deleteFrom('email_tokens')
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('expires_at', '>', p('now'))
    .returning(columns),
);

const deleteOfUser = statement((p: Binder<OfUser>) =>
  build.deleteFrom('email_tokens').where('org_key', '=', p('orgKey')).where('user_id', '=', p('userId')),
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

  async findOpen(digest: string, now: number): Promise<EmailToken | null> {
    return (await this.#scope.executor.first(selectOpen, { orgKey: this.#orgKey, digest, now })) ?? null;
  }

  async consume(digest: string, now: number): Promise<EmailToken | null> {
    return (await this.#scope.executor.first(takeToken, { orgKey: this.#orgKey, digest, now })) ?? null;
  }

  async drop(userId: UserId): Promise<void> {
    await this.#scope.executor.run(deleteOfUser, { orgKey: this.#orgKey, userId });
  }
}
