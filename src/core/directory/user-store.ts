/** What the directory needs of a store of users, within one organization. */
import type { RemovedRows } from '../erasure/erasure.ts';
import type { UserId } from '../ids.ts';
import type { NewUser, User, UserChanges, UserStatus } from './user.ts';
import type { UserView } from './user-view.ts';

/** A reference to one user, as the contracts know them. `appId` narrows to the users of one app. */
export type UserRef = ({ readonly id: UserId } | { readonly number: number }) & { readonly appId?: string };

export interface UserFilter {
  readonly status?: UserStatus;
}

/** Where a view can be given, the whole user is meant without one. */
export interface UserStore {
  /** The user, or null; also null for another organization's or (with `appId`) another app's. */
  find<K extends keyof User = keyof User>(ref: UserRef, view?: UserView<K>): Promise<Pick<User, K> | null>;
  /** As `find`, holding the row against other changes until the transaction ends. */
  lock(ref: UserRef): Promise<User | null>;
  /** By the form that `canonicalEmail` gives. */
  findByEmail(canonicalEmail: string): Promise<User | null>;
  findByExternalId(appId: string, externalId: string): Promise<User | null>;
  /** Every user with that external id, newest first: at most one for each app. */
  listByExternalId<K extends keyof User = keyof User>(
    externalId: string,
    view?: UserView<K>,
  ): Promise<readonly Pick<User, K>[]>;
  /**
   * Adds a user and counts it. Refuses with `email_taken` or `external_id_taken` (naming the holder) where the
   * database finds it so, leaving the transaction usable; draws another id and number where those collide.
   */
  insert(user: NewUser): Promise<User>;
  /**
   * Adds many users in their order, as `insert` would one after the other; what became of each. A user whose
   * email or external id is taken, also by one before it, is left out and the others stand.
   */
  insertAll(users: readonly NewUser[]): Promise<readonly InsertOutcome[]>;
  /**
   * Changes a user and keeps the counts; the user as it is afterwards. Refuses with `email_taken` or
   * `external_id_taken` (naming the holder), and with `not_found` (user) where the row is gone or no longer in
   * the state of `user`.
   */
  update(user: User, changes: UserChanges): Promise<User>;
  /**
   * Removes the user and every row that hangs on it, counts included: the one path of deletion. `digests` are
   * the keyed digests under which throttles and password requests know this person. How many rows that were;
   * null where somebody was quicker.
   */
  erase(user: User, digests: readonly string[]): Promise<RemovedRows | null>;
  /** Rows `offset` to `offset + limit` of the newest-first order, with the exact number of all that match. */
  page<K extends keyof User = keyof User>(
    filter: UserFilter,
    offset: number,
    limit: number,
    view?: UserView<K>,
  ): Promise<{ items: readonly Pick<User, K>[]; total: number }>;
  /** The next users of an app (null: of the organization), oldest first, after `after` (null: from the start). */
  listOldestFirst<K extends keyof User = keyof User>(
    appId: string | null,
    after: UserCursor | null,
    limit: number,
    view?: UserView<K>,
  ): Promise<UserBatch<K>>;
  /** How many active admins the organization has, held against others until the transaction ends. */
  lockActiveAdmins(): Promise<number>;
}

/** Some users in order, and where to read on; `next` is null at the end. */
export interface UserBatch<K extends keyof User = keyof User> {
  readonly items: readonly Pick<User, K>[];
  readonly next: UserCursor | null;
}

/** The id under which a new user was added, or what of it somebody else has. */
export type InsertOutcome = { readonly id: UserId } | { readonly taken: 'email' | 'externalId' };

/** A place in the oldest-first order; opaque to everybody but the store. */
export interface UserCursor {
  readonly createdAt: number;
  readonly sequence: number;
}
