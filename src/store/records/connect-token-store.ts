/** The tokens of the Connect page, by their digest. A look-up also reads the user. A consumed token keeps its row. */
import { sql } from 'kysely';
import {
  type ConnectToken,
  type ConnectTokenKind,
  type ConnectTokenStore,
  pageTokenKinds,
  type TokenLineage,
} from '../../core/connect-page/connect-token.ts';
import type { User } from '../../core/directory/user.ts';
import type { OrgKey, UserId } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { columnsOf, type UserRow, wholeReader, wholeUser } from '../users/user-row.ts';

type ByDigest = { orgKey: number; digest: string };

const insertToken = statement(
  (
    p: Binder<
      ByDigest & { userId: string; kind: ConnectTokenKind; expiresAt: number; family: string | null }
    >,
  ) =>
    build.insertInto('connect_tokens').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      user_id: p('userId'),
      kind: p('kind'),
      expires_at: p('expiresAt'),
      family: p('family'),
      spent_at: null,
    }),
);

const selectWithUser = statement((p: Binder<ByDigest>) =>
  build
    .selectFrom('connect_tokens')
    .innerJoin('users', (join) =>
      join
        .onRef('users.org_key', '=', 'connect_tokens.org_key')
        .onRef('users.id', '=', 'connect_tokens.user_id'),
    )
    .select(['connect_tokens.kind', 'connect_tokens.expires_at as expiresAt'])
    .select(columnsOf(wholeUser.fields))
    .where('connect_tokens.org_key', '=', p('orgKey'))
    .where('connect_tokens.digest', '=', p('digest'))
    .$castTo<UserRow & Pick<ConnectToken, 'kind' | 'expiresAt'>>(),
);

/** Only the request whose update returns the row has consumed the token. */
const takeToken = statement((p: Binder<ByDigest & { kind: ConnectTokenKind; now: number }>) =>
  build
    .updateTable('connect_tokens')
    .set({ spent_at: p('now') })
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest'))
    .where('kind', '=', p('kind'))
    .where('spent_at', 'is', null)
    .where('expires_at', '>', p('now'))
    .returning(['user_id as userId', 'kind', 'expires_at as expiresAt']),
);

const expirePageTokens = statement((p: Binder<{ orgKey: number; userId: string; now: number }>) =>
  build
    .updateTable('connect_tokens')
    .set({ expires_at: p('now') })
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where(
      'kind',
      'in',
      pageTokenKinds.map((kind) => sql.lit(kind)),
    )
    .where('expires_at', '>', p('now')),
);

const selectLineage = statement((p: Binder<ByDigest>) =>
  build
    .selectFrom('connect_tokens')
    .select(['family', 'spent_at as spentAt'])
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest')),
);

const deleteFirst = statement((p: Binder<ByDigest>) =>
  build.deleteFrom('connect_tokens').where('org_key', '=', p('orgKey')).where('digest', '=', p('digest')),
);
const deleteDescendants = statement((p: Binder<{ orgKey: number; family: string }>) =>
  build.deleteFrom('connect_tokens').where('org_key', '=', p('orgKey')).where('family', '=', p('family')),
);

export class SqlConnectTokenStore implements ConnectTokenStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(token: ConnectToken, digest: string, family: string | null = null): Promise<void> {
    const { userId, kind, expiresAt } = token;
    const values = { orgKey: this.#orgKey, digest, userId, kind, expiresAt, family };
    await this.#scope.executor.run(insertToken, values);
  }

  async findByDigest(digest: string): Promise<{ token: ConnectToken; user: User } | null> {
    const row = await this.#scope.executor.first(selectWithUser, { orgKey: this.#orgKey, digest });
    if (row === undefined) return null;
    const { kind, expiresAt, ...whole } = row;
    const user = await wholeReader.read(whole, this.#scope, this.#orgKey);
    return { token: { userId: user.id, kind, expiresAt }, user };
  }

  async consume(digest: string, kind: ConnectTokenKind, now: number): Promise<ConnectToken | null> {
    const values = { orgKey: this.#orgKey, digest, kind, now };
    return (await this.#scope.executor.first(takeToken, values)) ?? null;
  }

  async endPages(userId: UserId, now: number): Promise<void> {
    await this.#scope.executor.run(expirePageTokens, { orgKey: this.#orgKey, userId, now });
  }

  async findLineage(digest: string): Promise<TokenLineage | null> {
    const row = await this.#scope.executor.first(selectLineage, { orgKey: this.#orgKey, digest });
    return row === undefined ? null : { family: row.family ?? digest, isConsumed: row.spentAt !== null };
  }

  async deleteFamily(family: string): Promise<void> {
    const orgKey = this.#orgKey;
    await this.#scope.executor.run(deleteDescendants, { orgKey, family });
    await this.#scope.executor.run(deleteFirst, { orgKey, digest: family });
  }
}
