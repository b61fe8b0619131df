/**
 * The users of one organization. The database enforces uniqueness; after a conflict the store finds out which key is
 * taken. Every change that adds or removes a user, or changes its status, is noted in the counts of the same
 * transaction.
 */
import { canonicalEmail, earlierEmailKey, emailSpellingsOf } from '../../core/directory/email-address.ts';
import type { NewUser, User, UserChanges } from '../../core/directory/user.ts';
import type {
  InsertOutcome,
  UserActivity,
  UserBatch,
  UserCursor,
  UserFilter,
  UserRef,
  UserStore,
} from '../../core/directory/user-store.ts';
import type { UserView } from '../../core/directory/user-view.ts';
import type { RemovedRows } from '../../core/erasure/erasure.ts';
import { type DomainError, isRefusal, refuse } from '../../core/errors.ts';
import { newUserId, newUserNumber, type OrgKey, type UserId } from '../../core/ids.ts';
import { findPosition } from '../counts/user-counts.ts';
import type { Executor, InsertedRow } from '../sql/executor.ts';
import type { Scope } from './scope.ts';
import { noteSearchChange } from './search-changes.ts';
import { eraseUser, findTablesOf } from './user-erasure.ts';
import { insertUser, storedUser, toInsertValues } from './user-insert.ts';
import { idsMax, idValues, queriesOf } from './user-page-queries.ts';
import * as queries from './user-queries.ts';
import { type UserRow, wholeReader } from './user-row.ts';
import { type ChangedRow, updateOf } from './user-update.ts';

export class SqlUserStore implements UserStore {
  readonly #scope: Scope;
  readonly #executor: Executor;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#executor = scope.executor;
    this.#orgKey = orgKey;
  }

  async find<K extends keyof User>(ref: UserRef, view?: UserView<K>): Promise<Pick<User, K> | null> {
    const { one, reader } = queriesOf(view);
    const row = await this.#first(one, ref);
    return row === undefined ? null : reader.read(row, this.#scope, this.#orgKey);
  }

  lock(ref: UserRef): Promise<User | null> {
    return this.#whole(this.#first(queries.lock, ref));
  }

  async findByEmail(email: string): Promise<User | null> {
    const byKey = (key: string): Promise<User | null> =>
      this.#whole(this.#executor.first(queries.selectByEmail, { orgKey: this.#orgKey, email: key }));
    const key = canonicalEmail(email);
    const earlierKey = earlierEmailKey(email);
    const holder = await byKey(key);
    return key === earlierKey ? holder : ((await byKey(earlierKey)) ?? holder);
  }

  async listByRequestedEmail(email: string): Promise<readonly User[]> {
    const [one = email, two = one, three = two] = emailSpellingsOf(email);
    const values = { orgKey: this.#orgKey, one, two, three };
    const rows = await this.#executor.rows(queries.selectByRequestedEmail, values);
    return wholeReader.readAll(rows, this.#scope, this.#orgKey);
  }

  async findByExternalId(appId: string, externalId: string): Promise<User | null> {
    const appKey = await this.#findAppKey(appId);
    if (appKey === null) return null;
    const values = { orgKey: this.#orgKey, externalId, appKey };
    return this.#whole(this.#executor.first(queries.selectByExternalId, values));
  }

  async listByExternalId<K extends keyof User>(
    externalId: string,
    view?: UserView<K>,
  ): Promise<readonly Pick<User, K>[]> {
    const { allByExternalId, reader } = queriesOf(view);
    const rows = await this.#executor.rows(allByExternalId, { orgKey: this.#orgKey, externalId });
    return reader.readAll(rows, this.#scope, this.#orgKey);
  }

  async insert(user: NewUser): Promise<User> {
    const appKey = await this.#scope.appKeys.getKey(this.#executor, this.#orgKey, user.appId);
    let { id, number } = user;
    for (;;) {
      const stored = { ...storedUser(user, this.#orgKey), id, number };
      const values = toInsertValues(stored, appKey);
      const inserted = await this.#executor.insertOptimistically(insertUser, values);
      if (inserted !== undefined) {
        this.#count(user, inserted);
        return stored;
      }
      const refusal = await this.#findTaken(user, user.appId);
      if (refusal !== null) throw refusal;
      id = newUserId();
      number = newUserNumber();
    }
  }

  async insertAll(
    users: readonly NewUser[],
    activity?: ReadonlyMap<UserId, UserActivity>,
  ): Promise<readonly InsertOutcome[]> {
    const orgKey = this.#orgKey;
    const appKeys = new Map<string, number>();
    for (const { appId } of users) {
      if (appKeys.has(appId)) continue;
      appKeys.set(appId, await this.#scope.appKeys.getKey(this.#executor, orgKey, appId));
    }
    const rows = users.map((user) => {
      const stored = storedUser(user, orgKey);
      const own = activity?.get(user.id);
      return toInsertValues(own === undefined ? stored : { ...stored, ...own }, appKeys.get(user.appId) ?? 0);
    });
    const seqs = await this.#executor.insertAll(insertUser, rows);
    const outcomes: InsertOutcome[] = [];
    const reasons = await this.#findReasons(users, seqs);
    for (const [at, user] of users.entries()) {
      const seq = seqs[at];
      if (seq === undefined) {
        outcomes.push(reasons.get(at) ?? (await this.#insertAgain(user)));
        continue;
      }
      const { id, createdAt, status } = user;
      this.#scope.counts.note({ orgKey, at: { createdAt, seq }, status, delta: 1 });
      outcomes.push({ id });
    }
    return outcomes;
  }

  async update(user: User, changes: UserChanges): Promise<User> {
    const update = updateOf(user, changes);
    if (update === null) return this.#get(user);
    const row = await this.#tryUpdate(user, changes, update);
    if (row === undefined) throw refuse('not_found', { noun: 'user' });
    if (row.status !== user.status) {
      const at = { createdAt: row.createdAt, seq: row.seq };
      this.#scope.counts.note({ orgKey: this.#orgKey, at, status: user.status, delta: -1 });
      this.#scope.counts.note({ orgKey: this.#orgKey, at, status: row.status, delta: 1 });
    }
    const { seq, ...whole } = row;
    await noteSearchChange(this.#executor, user, changes, seq);
    return wholeReader.read(whole, this.#scope, this.#orgKey);
  }

  async noteLogin(user: User, at: number): Promise<User> {
    await this.#executor.runDeferred(queries.updateLogin, { orgKey: this.#orgKey, id: user.id, at });
    return { ...user, lastLoginAt: at };
  }

  async erase(
    user: User,
    digests: readonly string[],
    tables?: ReadonlySet<string>,
  ): Promise<RemovedRows | null> {
    return eraseUser(this.#scope, user, digests, tables ?? (await this.findTables(user, digests)));
  }

  findTables({ id: userId }: User, digests: readonly string[]): Promise<ReadonlySet<string>> {
    return findTablesOf(this.#executor, this.#orgKey, { userId, digests });
  }

  async page<K extends keyof User>(
    { status }: UserFilter,
    offset: number,
    limit: number,
    view?: UserView<K>,
  ): Promise<{ items: readonly Pick<User, K>[]; total: number }> {
    // In a change, the list includes the writes of earlier steps.
    await this.#scope.counts.settle(this.#executor);
    const orgKey = this.#orgKey;
    const { page, statusPage, reader } = queriesOf(view);
    const { rows, total } = await this.#executor.snapshot(async (state) => {
      const { total, position } = await findPosition(state, orgKey, offset, status);
      if (position === null) return { rows: [], total };
      const { createdAt: beforeCreatedAt, seq: beforeSeq } = position.before;
      const values = { orgKey, beforeCreatedAt, beforeSeq, skip: position.skip, limit };
      const rows =
        status === undefined
          ? await state.rows(page, values)
          : await state.rows(statusPage, { ...values, status });
      return { rows, total };
    });
    return { items: await reader.readAll(rows, this.#scope, orgKey), total };
  }

  async listOldestFirst<K extends keyof User>(
    appId: string | null,
    after: UserCursor | null,
    limit: number,
    view?: UserView<K>,
  ): Promise<UserBatch<K>> {
    const { after: ofAll, ofAppAfter, reader } = queriesOf(view);
    const values = {
      orgKey: this.#orgKey,
      afterCreatedAt: after?.createdAt ?? Number.MIN_SAFE_INTEGER,
      afterSeq: after?.sequence ?? 0,
      limit,
    };
    const appKey = appId === null ? null : await this.#findAppKey(appId);
    if (appKey === null && appId !== null) return { items: [], next: null };
    const rows =
      appKey === null
        ? await this.#executor.bulkRows(ofAll, values)
        : await this.#executor.bulkRows(ofAppAfter, { ...values, appKey });
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      items: await reader.readAll(rows, this.#scope, this.#orgKey),
      next: last === undefined ? null : { createdAt: last.createdAt, sequence: last.sequence },
    };
  }

  async listByIds<K extends keyof User>(
    ids: readonly UserId[],
    view: UserView<K>,
  ): Promise<readonly Pick<User, K>[]> {
    const { byIds, reader } = queriesOf(view);
    const found: Pick<User, K>[] = [];
    for (let at = 0; at < ids.length; at += idsMax) {
      const rows = await this.#executor.rows(byIds, idValues(this.#orgKey, ids.slice(at, at + idsMax)));
      found.push(...(await reader.readAll(rows, this.#scope, this.#orgKey)));
    }
    return found;
  }

  async lockActiveAdmins(): Promise<number> {
    const tenant = { orgKey: this.#orgKey };
    await this.#executor.first(queries.lockOrganization, tenant);
    return (await this.#executor.rows(queries.selectActiveAdmins, tenant)).length;
  }

  async countActiveAdmins(): Promise<number> {
    return (await this.#executor.rows(queries.selectActiveAdmins, { orgKey: this.#orgKey })).length;
  }

  /** The row of the user that `ref` names. */
  #first<R>(one: queries.FindOne<R>, ref: UserRef): Promise<R | undefined> {
    const orgKey = this.#orgKey;
    if (ref.appId !== undefined) return this.#firstInApp(one, ref, ref.appId);
    return 'id' in ref
      ? this.#executor.first(one.byId, { orgKey, id: ref.id })
      : this.#executor.first(one.byNumber, { orgKey, number: ref.number });
  }

  async #firstInApp<R>(one: queries.FindOne<R>, ref: UserRef, appId: string): Promise<R | undefined> {
    const orgKey = this.#orgKey;
    const appKey = await this.#findAppKey(appId);
    if (appKey === null) return undefined;
    return 'id' in ref
      ? this.#executor.first(one.byIdInApp, { orgKey, id: ref.id, appKey })
      : this.#executor.first(one.byNumberInApp, { orgKey, number: ref.number, appKey });
  }

  async #whole(found: Promise<UserRow | undefined>): Promise<User | null> {
    const row = await found;
    return row === undefined ? null : wholeReader.read(row, this.#scope, this.#orgKey);
  }

  #findAppKey(appId: string): Promise<number | null> {
    return this.#scope.appKeys.findKey(this.#executor, this.#orgKey, appId);
  }

  async #get({ id }: User): Promise<User> {
    const user = await this.lock({ id });
    if (user === null) throw refuse('not_found', { noun: 'user' });
    return user;
  }

  async #tryUpdate(
    user: User,
    changes: UserChanges,
    { statement, values }: NonNullable<ReturnType<typeof updateOf>>,
  ): Promise<ChangedRow | undefined> {
    // No other column has a unique key, and a savepoint costs two statements more.
    if (changes.email === undefined && changes.externalId === undefined) {
      return this.#executor.first(statement, values);
    }
    try {
      return await this.#executor.firstInSavepoint(statement, values);
    } catch (error) {
      if (this.#executor.isTaken(error, 'users', 'email_canonical')) throw refuse('email_taken', {});
      if (!this.#executor.isTaken(error, 'users', 'external_id') || !changes.externalId) throw error;
      throw (await this.#findTaken({ externalId: changes.externalId, email: null }, user.appId)) ?? error;
    }
  }

  /**
   * Finds why the database did not insert users, those without a number, by their positions. The look-ups are sent together. A
   * user for whom only the random id or number was taken has no reason. Nor has a key whose holder was inserted after the
   * user was refused.
   */
  async #findReasons(
    users: readonly NewUser[],
    seqs: readonly (number | undefined)[],
  ): Promise<ReadonlyMap<number, InsertOutcome>> {
    const refused = users.flatMap((user, at) => (seqs[at] === undefined ? [{ user, at }] : []));
    if (refused.length === 0) return new Map();
    const indexes = new Map(users.map(({ id }, index) => [id, index]));
    const findReason = async ({ user: { appId, email, externalId }, at }: (typeof refused)[number]) => {
      const isReason = (holder: User | null): boolean =>
        holder !== null && (indexes.get(holder.id) ?? -1) <= at;
      if (email !== null && isReason(await this.findByEmail(email))) return { taken: 'email' } as const;
      if (externalId === null || !isReason(await this.findByExternalId(appId, externalId))) return null;
      return { taken: 'externalId' } as const;
    };
    const reasons = await Promise.all(refused.map(findReason));
    return new Map(
      refused.flatMap(({ at }, index) => {
        const reason = reasons[index];
        return reason === undefined || reason === null ? [] : [[at, reason] as const];
      }),
    );
  }

  /** Inserts a user with other random keys. */
  async #insertAgain(user: NewUser): Promise<InsertOutcome> {
    try {
      return await this.insert(user);
    } catch (error) {
      if (isRefusal(error, 'email_taken')) return { taken: 'email' };
      if (isRefusal(error, 'external_id_taken')) return { taken: 'externalId' };
      throw error;
    }
  }

  #count({ createdAt, status }: NewUser, { seq }: InsertedRow): void {
    const change = { orgKey: this.#orgKey, status, delta: 1 } as const;
    if (typeof seq === 'number') this.#scope.counts.note({ ...change, at: { createdAt, seq } });
    else this.#scope.counts.noteSoon(async () => ({ ...change, at: { createdAt, seq: await seq() } }));
  }

  /** The unique key that is taken; null where it is the id or the number. */
  async #findTaken(
    { email, externalId }: Pick<NewUser, 'email' | 'externalId'>,
    appId: string,
  ): Promise<DomainError | null> {
    if (email !== null && (await this.findByEmail(email)) !== null) {
      return refuse('email_taken', {});
    }
    const holder = externalId === null ? null : await this.findByExternalId(appId, externalId);
    if (holder === null || externalId === null) return null;
    return refuse('external_id_taken', { externalId, userId: holder.id });
  }
}
