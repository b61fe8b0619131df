/**
 * The rows of users, and how they become users. A query names the columns as the columns of a user are named, so a row
 * without flags and without an app is a user already.
 */
import { type Selectable, sql } from 'kysely';
import { canonicalEmail } from '../../core/directory/email-address.ts';
import { type User, userColumnNames, userColumns } from '../../core/directory/user.ts';
import { type UserView, userView } from '../../core/directory/user-view.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { Database } from '../schema/tables.ts';
import { tableColumns } from '../schema/user-table.ts';
import type { Scope } from './scope.ts';

/** The view with every column of a user. */
export const wholeUser = userView(...userColumnNames);

/** The columns of a user that are flags, which rows hold as integers. */
export const flagColumns = userColumnNames.filter((name) => userColumns[name].kind === 'flag');

/** A row as the database returns it: flags as integers, the app as its internal key. */
export type UserRow<K extends keyof User = keyof User> = {
  readonly [F in K]: Selectable<Database['users']>[(typeof tableColumns)[F]];
};

/** The select list for a row with these columns; also good in a join. */
export function columnsOf<K extends keyof User>(fields: Iterable<K>) {
  return Array.from(fields, (field) => sql.ref<UserRow[K]>(`users.${tableColumns[field]}`).as(field));
}

/** Makes users from the rows of one view. Other columns of a row stay in the result. */
export class UserReader<K extends keyof User> {
  readonly #flags: readonly K[];

  constructor({ fields }: UserView<K>) {
    this.#flags = fields.filter((field) => userColumns[field].kind === 'flag');
  }

  /** The user of a row that was read in `scope`; without a promise where the app's id is known already. */
  read(row: UserRow<K>, scope: Scope, orgKey: OrgKey): Pick<User, K> | Promise<Pick<User, K>> {
    const appId = this.#appOf(row, scope, orgKey);
    return appId instanceof Promise
      ? appId.then((known) => this.#toUser(row, known))
      : this.#toUser(row, appId);
  }

  /** Like `read`, for many rows in their order. */
  async readAll(rows: readonly UserRow<K>[], scope: Scope, orgKey: OrgKey): Promise<Pick<User, K>[]> {
    const users: Pick<User, K>[] = [];
    for (const row of rows) {
      const user = this.read(row, scope, orgKey);
      users.push(user instanceof Promise ? await user : user);
    }
    return users;
  }

  /** The id of the user's app, where the view has it. For nearly every app the id is known, so nothing waits. */
  #appOf(
    row: UserRow<K> & { readonly appId?: number },
    { appKeys, executor }: Scope,
    orgKey: OrgKey,
  ): string | undefined | Promise<string> {
    const { appId: appKey } = row;
    if (appKey === undefined) return undefined;
    return appKeys.knownId(appKey) ?? appKeys.getId(executor, orgKey, appKey);
  }

  /** Copies the row, because callers with the same query may share it. */
  #toUser(row: UserRow<K>, appId: string | undefined): Pick<User, K> {
    const given: object = row;
    if (appId === undefined && this.#flags.length === 0) return given as Pick<User, K>;
    const user: Record<string, unknown> = { ...given };
    for (const flag of this.#flags) user[flag] = user[flag] === 1;
    if (appId !== undefined) user['appId'] = appId;
    return user as Pick<User, K>;
  }
}

export const wholeReader = new UserReader(wholeUser);

/** The form of an email that is compared and kept unique. */
export function canonicalOf(email: string | null | undefined): string | null {
  return email === null || email === undefined ? null : canonicalEmail(email);
}
