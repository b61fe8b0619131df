/** What the directory needs of a store of users, within one organization. */
import type { RemovedRows } from '../erasure/erasure.ts';
import type { UserId } from '../ids.ts';
import type { ExportedUser, NewUser, User, UserChanges, UserStatus } from './user.ts';

/** A reference to one user, as the contracts know them. `appId` narrows to the users of one app. */
export type UserRef = ({ readonly id: UserId } | { readonly number: number }) & { readonly appId?: string };

export interface UserFilter {
  readonly status?: UserStatus;
}

export interface UserStore {
  /** The user, or null; also null for another organization's or (with `appId`) another app's. */
  find(ref: UserRef): Promise<User | null>;
  /** As `find`, holding the row against other changes until the transaction ends. */
  lock(ref: UserRef): Promise<User | null>;
  /** By the form that `canonicalEmail` gives. */
  findByEmail(canonicalEmail: string): Promise<User | null>;
  findByExternalId(appId: string, externalId: string): Promise<User | null>;
  /** Every user with that external id, newest first: at most one for each app. */
  listByExternalId(externalId: string): Promise<readonly User[]>;
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
   * `external_id_taken` (naming the holder), and with `user_not_found` where the row is gone or no longer in
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
  page(filter: UserFilter, offset: number, limit: number): Promise<{ items: readonly User[]; total: number }>;
  /** The next users of an app, oldest first, after `after` (null: from the start). */
  listOldestFirst(appId: string, after: UserCursor | null, limit: number): Promise<UserBatch>;
  /** As `listOldestFirst`, of the whole organization (`appId` null) and with what an export shows only. */
  listForExport(appId: string | null, after: UserCursor | null, limit: number): Promise<ExportBatch>;
  /** How many active admins the organization has, held against others until the transaction ends. */
  lockActiveAdmins(): Promise<number>;
}

/** Some users in order, and where to read on; `next` is null at the end. */
export interface UserBatch {
  readonly items: readonly User[];
  readonly next: UserCursor | null;
}

/** As `UserBatch`, of what an export shows. */
export interface ExportBatch {
  readonly items: readonly ExportedUser[];
  readonly next: UserCursor | null;
}

/** The id under which a new user was added, or what of it somebody else has. */
export type InsertOutcome = { readonly id: UserId } | { readonly taken: 'email' | 'externalId' };

/** A place in the oldest-first order; opaque to everybody but the store. */
export interface UserCursor {
  readonly createdAt: number;
  readonly sequence: number;
}
