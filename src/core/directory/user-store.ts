/** The ports to the users of one organization, and of all of them: what a store must do and promise. */
import type { RemovedRows } from '../erasure/erasure.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { NewUser, User, UserChanges, UserStatus } from './user.ts';
import type { UserView } from './user-view.ts';

/** A reference to one user, as the contracts use them. `appId` restricts it to the users of one app. */
export type UserRef = ({ readonly id: UserId } | { readonly number: number }) & { readonly appId?: string };

export interface UserFilter {
  readonly status?: UserStatus;
}

/** A method that takes a view gives whole users without one. */
/** What follows from the use of the directory. */
export type UserActivity = Pick<User, 'updatedAt' | 'lastLoginAt' | 'lastSyncAt' | 'lastScoreAt'>;

export interface UserStore {
  /** The user, or null; also null for a user of another organization or (with `appId`) of another app. */
  find<K extends keyof User = keyof User>(ref: UserRef, view?: UserView<K>): Promise<Pick<User, K> | null>;
  /** Like `find`; locks the row against other changes until the transaction ends. */
  lock(ref: UserRef): Promise<User | null>;
  /**
   * The user with that email in any spelling. Where two users have had one mailbox since before A-labels were compared,
   * each is found by its own spelling.
   */
  findByEmail(email: string): Promise<User | null>;
  /** The users who request that email, whether or not another user has it; the oldest request first. */
  listByRequestedEmail(email: string): Promise<readonly User[]>;
  findByExternalId(appId: string, externalId: string): Promise<User | null>;
  /** Every user with that external id, newest first: at most one for each app. */
  listByExternalId<K extends keyof User = keyof User>(
    externalId: string,
    view?: UserView<K>,
  ): Promise<readonly Pick<User, K>[]>;
  /**
   * Adds a user and counts it. Refuses with `email_taken` or `external_id_taken` (with the id of the user who has it)
   * where the database finds a conflict; the transaction stays usable. Draws a new id and number where these collide.
   */
  insert(user: NewUser): Promise<User>;
  /**
   * Adds many users in their order, with the same result as `insert` for each; returns the outcome of each. A user
   * whose email or external id is taken, also by an earlier user of the list, is left out; the others are added.
   * `activity` has, by id, what a user otherwise gets by using the directory.
   */
  insertAll(
    users: readonly NewUser[],
    activity?: ReadonlyMap<UserId, UserActivity>,
  ): Promise<readonly InsertOutcome[]>;
  /**
   * Changes a user and the counts, and ends the proof of an address that changes; returns the changed user. Refuses with `email_taken` or `external_id_taken` (with
   * the id of the user who has it), and with `not_found` (user) where the row is gone or is no longer in the state of
   * `user`.
   */
  update(user: User, changes: UserChanges): Promise<User>;
  /** Stores the time of a sign-in of a user whom the caller has locked; returns the changed user. */
  noteLogin(user: User, at: number): Promise<User>;
  /**
   * Removes the user and every row that belongs to it, also from the counts: the only path of deletion. `digests` are
   * the keyed digests under which throttles and password requests know this person, and `tables` what `findTables` has found
   * in this transaction, absent where it was not asked. Returns the numbers of removed rows; null where another
   * transaction removed the user first.
   */
  erase(user: User, digests: readonly string[], tables?: ReadonlySet<string>): Promise<RemovedRows | null>;
  /** The tables beside the user that have rows of it. The caller has locked the user. */
  findTables(user: User, digests: readonly string[]): Promise<ReadonlySet<string>>;
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
  /** The users with these ids, in no order. Leaves out an id of no user of the organization. */
  listByIds<K extends keyof User>(
    ids: readonly UserId[],
    view: UserView<K>,
  ): Promise<readonly Pick<User, K>[]>;
  /** The number of active admins of the organization, locked against other changes until the transaction ends. */
  lockActiveAdmins(): Promise<number>;
  /** As `lockActiveAdmins`, of committed data, without a lock. */
  countActiveAdmins(): Promise<number>;
}

/** Some users in order, and the position after them; `next` is null at the end. */
export interface UserBatch<K extends keyof User = keyof User> {
  readonly items: readonly Pick<User, K>[];
  readonly next: UserCursor | null;
}

/** The id of a new user that was added, or the key that another user has. */
export type InsertOutcome = { readonly id: UserId } | { readonly taken: 'email' | 'externalId' };

/** A position in the oldest-first order; only the store reads it. */
export interface UserCursor {
  readonly createdAt: number;
  readonly sequence: number;
}

/** What a text that names a user may be. */
export interface UserNames {
  readonly id: UserId | null;
  readonly number: number | null;
  /** An email that a user has or requests, or an external id. */
  readonly text: string;
}

/** A user with its organization. */
export interface UserPlace {
  readonly orgKey: OrgKey;
  readonly userId: UserId;
}

/** The users of all organizations, for the operator, who names a user and not always the organization. */
export interface UserDirectory {
  /** The organizations with a user of whom one of the names is true, in no order. */
  listOrganizations(names: UserNames): Promise<readonly OrgKey[]>;
  /** Those of the ids that users have. */
  findPlaces(ids: readonly UserId[]): Promise<readonly UserPlace[]>;
}
