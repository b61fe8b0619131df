/**
 * The port to the search of one organization: finding users by a text and filters, with bounded work, and the search
 * blocks that make it fast (decision 0031).
 */
import type { User, UserRole, UserStatus } from '../directory/user.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { SearchQuery } from './search-query.ts';

/** Conditions that a user must all satisfy. Instants: from the first on, and before the second. */
export interface SearchFilter {
  readonly status?: UserStatus;
  readonly role?: UserRole;
  readonly appId?: string;
  readonly isConfirmed?: boolean;
  /** Whether the email or the phone is proved. */
  readonly isProved?: boolean;
  /** Whether an admin has approved the user as a clinician. */
  readonly isClinical?: boolean;
  /** With a connection to this provider that is active, or needs its person again. */
  readonly provider?: string;
  readonly createdFrom?: number;
  readonly createdUntil?: number;
  /** The last sign-in. */
  readonly seenFrom?: number;
  readonly seenUntil?: number;
}

/** What a search may cost at most. */
export interface SearchLimits {
  /** It ends once it has found so many users. */
  readonly matchesMax: number;
  /** It looks at so many users in each of its passes. */
  readonly examinedMax: number;
}

/** The users that a search has found, in their order. */
export interface SearchResult {
  readonly ids: readonly UserId[];
  /** False where there may be more of them. */
  readonly isExact: boolean;
}

/** What a walk compares each user with. */
export interface SearchedFor {
  readonly query: SearchQuery;
  readonly filter: SearchFilter;
  /** The users whom the text names by a key that is compared as a whole. */
  readonly named: readonly UserId[];
}

/** The position of the user who is next in a walk or a list; only the store reads it. */
export interface WalkPosition {
  readonly createdAt: number;
  readonly seq: number;
}

/** A user of a list, with its position. */
export interface ListedUser extends WalkPosition {
  readonly id: UserId;
}

/** The users of a list whom the limits allow, newest first. */
export interface ListedUsers {
  readonly users: readonly ListedUser[];
  /** Where the list goes on; null where these are all. */
  readonly next: WalkPosition | null;
}

/** How far a list has come: so many of all users of the organization are before its position. */
export interface ListProgress {
  readonly looked: number;
  readonly all: number;
}

/** The matches of a part of a walk, newest first. */
export interface WalkedUsers {
  readonly ids: readonly UserId[];
  /** Where the walk goes on; null at its end. */
  readonly next: WalkPosition | null;
}

/** The texts by which the search blocks may know a user, for its erasure. */
export interface IndexedTexts {
  readonly seq: number;
  readonly texts: readonly string[];
}

/** A plan that only the store reads. */
export interface MergePlan {
  readonly blocks: readonly unknown[];
}

export interface UserSearchStore {
  /**
   * The users who match the query and the filter: first those of `named`, which other keys have found, then by rank, then
   * by name. Finds users of the last commit, and none that is gone. Of an id or a number that begins with the text it finds some.
   */
  find(
    query: SearchQuery,
    filter: SearchFilter,
    named: readonly UserId[],
    limits: SearchLimits,
  ): Promise<SearchResult>;
  /**
   * The users who match the filter, newest first, from a position (null: from the newest), as many as the limits allow. Who
   * goes on from the position of the next user to the end finds every user once who matches during all of it, and no user twice.
   */
  list(filter: SearchFilter, limits: SearchLimits, from?: WalkPosition | null): Promise<ListedUsers>;
  /** How far a list has come that goes on at the position. */
  progressAt(position: WalkPosition): Promise<ListProgress>;
  /**
   * The users who match among the next `examinedMax` of the newest-first order, from a position (null: from the newest). A walk
   * to the end finds every user once who matches during all of it, and no user twice. Who is added meanwhile as the newest is not found.
   */
  walk(searched: SearchedFor, from: WalkPosition | null, examinedMax: number): Promise<WalkedUsers>;
  /** The texts that `purge` needs once the user is deleted. */
  findTexts(user: User): Promise<IndexedTexts | null>;
  /**
   * Takes the first of these erased users out of the search blocks: no token and no number of them is left in any row. They
   * come with the highest number first; returns how many it took, as many as one transaction should.
   */
  purge(erased: readonly IndexedTexts[]): Promise<number>;
  /** Builds the next search block. Returns 0, or how many users are still missing for one; then it ends the mark. */
  seal(): Promise<number>;
  /** Marks the organization for the job: a block may be due. */
  mark(): Promise<void>;
  /** How to join the oldest small search blocks to a large one; null where they are too few. Needs no transaction. */
  planMerge(): Promise<MergePlan | null>;
  /** Joins blocks as planned. False where one of them has changed since. */
  merge(plan: MergePlan): Promise<boolean>;
  /** Brings the search blocks up to date with changed users, at most `limit`. Returns how many there were. */
  settle(limit: number): Promise<number>;
}

/** How far the search blocks of an organization are. */
export interface SearchWork {
  readonly orgKey: OrgKey;
  /** The sequence numbers of its newest user, and of the last one in a search block. */
  readonly newest: number;
  readonly sealed: number;
  /** Whether there are enough new users for a block. */
  readonly isDue: boolean;
}

/** An organization with changed users that are to be settled. */
export interface ChangedUsers {
  readonly orgKey: OrgKey;
  readonly changes: number;
}

/** The search of all organizations, for its job. */
export interface UserSearchQueue {
  /** The next organizations after the given key, at most `limit`. */
  survey(after: OrgKey, limit: number): Promise<readonly SearchWork[]>;
  /** Marked organizations, at most `limit`. */
  listMarked(limit: number): Promise<readonly OrgKey[]>;
  /** The organizations of the first `limit` changed users after the given key. The last one may have more. */
  listChanged(after: OrgKey, limit: number): Promise<readonly ChangedUsers[]>;
}
