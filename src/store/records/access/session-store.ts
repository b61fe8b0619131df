/** The sessions, by the digest of their token. A look-up also reads the user, because every request needs both. */
import {
  type Session,
  type SessionStore,
  sessionAgeMaxMs,
  sessionIdleMs,
} from '../../../core/access/session.ts';
import type { User } from '../../../core/directory/user.ts';
import type { OrgKey, UserId } from '../../../core/ids.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';
import { columnsOf, type UserRow, wholeReader, wholeUser } from '../../users/user-row.ts';

type ById = { orgKey: number; id: string };
type OfUser = { orgKey: number; userId: string };

/** A user has one session too many, and more only where the number that is kept was larger before. */
const surplusMax = 100;

const insertSession = statement(
  (p: Binder<ById & OfUser & { digest: string; startedAt: number; lastUsedAt: number; expiresAt: number }>) =>
    build.insertInto('sessions').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      id: p('id'),
      user_id: p('userId'),
      started_at: p('startedAt'),
      last_used_at: p('lastUsedAt'),
      expires_at: p('expiresAt'),
    }),
);

/** Session and user in one statement, because this runs for every request with a token. */
const selectWithUser = statement((p: Binder<{ orgKey: number; digest: string }>) =>
  build
    .selectFrom('sessions')
    .innerJoin('users', (join) =>
      join.onRef('users.org_key', '=', 'sessions.org_key').onRef('users.id', '=', 'sessions.user_id'),
    )
    .select([
      'sessions.id as sessionId',
      'sessions.started_at as startedAt',
      'sessions.last_used_at as lastUsedAt',
    ])
    .select(columnsOf(wholeUser.fields))
    .where('sessions.org_key', '=', p('orgKey'))
    .where('sessions.digest', '=', p('digest'))
    .$castTo<UserRow & { sessionId: string; startedAt: number; lastUsedAt: number }>(),
);

const selectStart = statement((p: Binder<ById>) =>
  build
    .selectFrom('sessions')
    .select('started_at')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

/** Only moves the time forward, because requests may arrive out of order. */
const updateUse = statement((p: Binder<ById & { at: number; expiresAt: number }>) =>
  build
    .updateTable('sessions')
    .set({ last_used_at: p('at'), expires_at: p('expiresAt') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('last_used_at', '<', p('at')),
);

const deleteSession = statement((p: Binder<ById>) =>
  build.deleteFrom('sessions').where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

/** No session has an empty id, so an `except` of '' deletes all. */
const deleteOfUser = statement((p: Binder<OfUser & { except: string }>) =>
  build
    .deleteFrom('sessions')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .where('id', '<>', p('except')),
);

/** The newest sessions stay; the order also decides between those of one instant. */
const selectSurplus = statement((p: Binder<OfUser & { keep: number; limit: number }>) =>
  build
    .selectFrom('sessions')
    .select('id')
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(p('limit'))
    .offset(p('keep')),
);

const selectWrongPasswords = statement((p: Binder<ById>) =>
  build
    .selectFrom('sessions')
    .select('wrong_passwords as count')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

/** The database counts up, so that wrong passwords at the same time all count. */
const addWrongPassword = statement((p: Binder<ById>) =>
  build
    .updateTable('sessions')
    .set((row) => ({ wrong_passwords: row('wrong_passwords', '+', 1) }))
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .returning('wrong_passwords as count'),
);

const clearWrongPasswords = statement((p: Binder<ById>) =>
  build
    .updateTable('sessions')
    .set({ wrong_passwords: 0 })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const selectOfUser = statement((p: Binder<OfUser>) =>
  build
    .selectFrom('sessions')
    .select(['id', 'user_id as userId', 'started_at as startedAt', 'last_used_at as lastUsedAt'])
    .where('org_key', '=', p('orgKey'))
    .where('user_id', '=', p('userId'))
    .orderBy('started_at')
    .orderBy('id'),
);

export class SqlSessionStore implements SessionStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(session: Session, digest: string): Promise<void> {
    const { id, userId, startedAt, lastUsedAt } = session;
    await this.#scope.executor.insertDeferred(insertSession, {
      orgKey: this.#orgKey,
      digest,
      id,
      userId,
      startedAt,
      lastUsedAt,
      expiresAt: expiryOf(startedAt, lastUsedAt),
    });
  }

  async findByDigest(digest: string): Promise<{ session: Session; user: User } | null> {
    const row = await this.#scope.executor.first(selectWithUser, { orgKey: this.#orgKey, digest });
    if (row === undefined) return null;
    const { sessionId: id, startedAt, lastUsedAt, ...whole } = row;
    const user = await wholeReader.read(whole, this.#scope, this.#orgKey);
    return { session: { id, userId: user.id, startedAt, lastUsedAt }, user };
  }

  async noteUse(sessionId: string, at: number): Promise<void> {
    const { executor } = this.#scope;
    const own = { orgKey: this.#orgKey, id: sessionId };
    const start = await executor.first(selectStart, own);
    if (start === undefined) return;
    await executor.run(updateUse, { ...own, at, expiresAt: expiryOf(start.started_at, at) });
  }

  async end(sessionId: string): Promise<boolean> {
    return (await this.#scope.executor.run(deleteSession, { orgKey: this.#orgKey, id: sessionId })) === 1;
  }

  endAll(userId: UserId, except = ''): Promise<number> {
    return this.#scope.executor.run(deleteOfUser, { orgKey: this.#orgKey, userId, except });
  }

  async listSurplus(userId: UserId, keep: number): Promise<readonly string[]> {
    const values = { orgKey: this.#orgKey, userId, keep, limit: surplusMax };
    return (await this.#scope.executor.rows(selectSurplus, values)).map(({ id }) => id);
  }

  async findWrongPasswords(sessionId: string): Promise<number | null> {
    const row = await this.#scope.executor.first(selectWrongPasswords, {
      orgKey: this.#orgKey,
      id: sessionId,
    });
    return row?.count ?? null;
  }

  async addWrongPassword(sessionId: string): Promise<number> {
    const row = await this.#scope.executor.first(addWrongPassword, { orgKey: this.#orgKey, id: sessionId });
    return row?.count ?? 0;
  }

  async clearWrongPasswords(sessionId: string): Promise<void> {
    await this.#scope.executor.run(clearWrongPasswords, { orgKey: this.#orgKey, id: sessionId });
  }

  listOf(userId: UserId): Promise<readonly Session[]> {
    return this.#scope.executor.rows(selectOfUser, { orgKey: this.#orgKey, userId });
  }
}

/** When the session expires if it is not used again. A sweep finds it by this one column. */
function expiryOf(startedAt: number, lastUsedAt: number): number {
  return Math.min(startedAt + sessionAgeMaxMs, lastUsedAt + sessionIdleMs);
}
