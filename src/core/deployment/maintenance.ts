/**
 * Checks the stored counts of users and the database's files. Counts are stored so that no page of a list has to count;
 * here users are counted, compared with the stored counts, and on request the counts are repaired. Damage in the
 * database's files is only reported: an operator restores a backup.
 */
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { listOrganizations } from '../directory/organization-lifecycle.ts';
import type { UserStatus } from '../directory/user.ts';
import type { OrgKey, UserId } from '../ids.ts';

export type StatusCounts = Record<UserStatus, number>;

/** The users of an organization, counted in one snapshot of the database. */
export interface CountReport {
  /** The number of users. */
  readonly counted: Readonly<StatusCounts>;
  /** The number of users by the stored counts. */
  readonly kept: Readonly<StatusCounts>;
  /** Blocks whose number differs from their users, wrong sums, and blocks in a wrong order. */
  readonly faults: number;
}

/** Measurements of the store of one process at this moment. They are cheap: they send nothing to the database. */
export interface StoreMeasurements {
  /** Changes that wait for their transaction. */
  readonly changesWaiting: number;
  /** The size of the SQLite file and of its write-ahead log; null on PostgreSQL. */
  readonly file: { readonly bytes: number; readonly logBytes: number } | null;
  /** Database connections by use; empty on SQLite. */
  readonly connections: readonly {
    readonly use: 'changes' | 'reads';
    readonly inUse: number;
    readonly idle: number;
    /** Callers that wait for a database connection. */
    readonly waiting: number;
  }[];
  /** Reads that may be late, since the start, by the server that answered; null where no standby is configured. */
  readonly lateReads: { readonly standby: number; readonly leader: number } | null;
}

/**
 * Two users of one mailbox. They are from before A-labels were compared: `holderId` has the key of the mailbox, and
 * `otherId` is found by its own spelling alone.
 */
export interface EmailPair {
  readonly holderId: UserId;
  readonly otherId: UserId;
}

/** The search blocks of an organization, compared with its users. */
export interface SearchReport {
  readonly blocks: number;
  /** Blocks that do not know a user by the right texts. */
  readonly wrong: number;
  /** Whether the wrong ones were built anew and then checked again without a fault. */
  readonly isRepaired: boolean;
}

/** What a store offers for maintenance, also while other processes serve. */
export interface Maintenance {
  /** Counts the users of an organization and compares. Reads every user; changes nothing. */
  checkCounts(orgKey: OrgKey): Promise<CountReport>;
  /**
   * Repairs the counts of an organization in short transactions, between which other changes run. Only where the order
   * of the blocks is damaged it uses one transaction; other changes then wait some seconds for each million users.
   */
  repairCounts(orgKey: OrgKey): Promise<void>;
  /**
   * The lists of the audit log whose stored counts are wrong, each by its filters as a text. Reads every archived event once for
   * each counted list; changes nothing.
   */
  findWrongLists(orgKey: OrgKey): Promise<readonly string[]>;
  /** Drops the counts of these lists. A job counts them again, and until then they are counted whenever they are shown. */
  recountLists(orgKey: OrgKey, lists: readonly string[]): Promise<void>;
  /** Compares every search block with its users; with `repairs` it builds wrong ones anew, each in a transaction. */
  checkSearch(orgKey: OrgKey, options: { readonly repairs: boolean }): Promise<SearchReport>;
  /** The users of an organization who share a mailbox. Reads every email that is not ASCII. */
  listEmailPairs(orgKey: OrgKey): Promise<readonly EmailPair[]>;
  /**
   * The faults that the database finds in its own files, one line each, without personal data; empty for none. Reads
   * the whole database.
   */
  checkIntegrity(): Promise<readonly string[]>;
  measurements(): StoreMeasurements;
}

/** An organization whose stored counts were wrong. */
export interface CountDifference extends CountReport {
  readonly organization: Organization;
  /** Whether they were repaired and then checked again without a fault. */
  readonly isRepaired: boolean;
}

/** An organization with lists of the audit log whose stored counts were wrong. */
export interface WrongLists {
  readonly organization: Organization;
  readonly lists: readonly string[];
  /** Whether they are counted again. */
  readonly isRepaired: boolean;
}

export interface DirectoryReport {
  readonly organizations: number;
  readonly users: number;
  readonly differences: readonly CountDifference[];
  readonly wrongLists: readonly WrongLists[];
  readonly emailPairs: readonly (EmailPair & { readonly organization: Organization })[];
  /** The organizations with wrong search blocks. */
  readonly search: readonly (SearchReport & { readonly organization: Organization })[];
  /** The faults of the database's files. */
  readonly problems: readonly string[];
}

/** The report of a directory whose files are damaged. */
export const nothingCounted = {
  ...{ organizations: 0, users: 0 },
  ...{ differences: [], wrongLists: [], emailPairs: [], search: [] },
} satisfies Partial<DirectoryReport>;

/**
 * Checks the files, and counts the users of one organization, or of all with null. With `repairs` it repairs wrong
 * counts. Where a file is damaged it neither counts nor repairs.
 */
export async function checkDirectory(
  core: Core,
  maintenance: Maintenance,
  options: { readonly only: Organization | null; readonly repairs: boolean },
): Promise<DirectoryReport> {
  const problems = await maintenance.checkIntegrity();
  if (problems.length > 0) return { ...nothingCounted, problems };
  const organizations = options.only === null ? await listOrganizations(core) : [options.only];
  const differences: CountDifference[] = [];
  const wrongLists: WrongLists[] = [];
  const emailPairs: (EmailPair & { organization: Organization })[] = [];
  const search: (SearchReport & { organization: Organization })[] = [];
  let users = 0;
  for (const organization of organizations) {
    const pairs = await maintenance.listEmailPairs(organization.key);
    emailPairs.push(...pairs.map((pair) => ({ ...pair, organization })));
    const searched = await maintenance.checkSearch(organization.key, { repairs: options.repairs });
    if (searched.wrong > 0) search.push({ ...searched, organization });
    const report = await maintenance.checkCounts(organization.key);
    users += sumOf(report.counted);
    const lists = await maintenance.findWrongLists(organization.key);
    if (lists.length > 0) {
      if (options.repairs) await maintenance.recountLists(organization.key, lists);
      wrongLists.push({ organization, lists, isRepaired: options.repairs });
    }
    if (report.faults === 0) continue;
    const isRepaired = options.repairs && (await repair(maintenance, organization));
    differences.push({ ...report, organization, isRepaired });
  }
  return {
    organizations: organizations.length,
    users,
    differences,
    wrongLists,
    emailPairs,
    search,
    problems,
  };
}

async function repair(maintenance: Maintenance, { key }: Organization): Promise<boolean> {
  await maintenance.repairCounts(key);
  return (await maintenance.checkCounts(key)).faults === 0;
}

/** What is wrong and was not repaired, a line each; empty where the directory is sound. Two users with one mailbox are no fault. */
export function faultsOf({ problems, differences, wrongLists, search }: DirectoryReport): readonly string[] {
  const left = [
    ...differences.map((each) => ({ ...each, what: 'the stored counts' })),
    ...wrongLists.map((each) => ({ ...each, what: 'the stored counts of audit events' })),
    ...search.map((each) => ({ ...each, what: 'the search blocks' })),
  ].filter(({ isRepaired }) => !isRepaired);
  return [...problems, ...left.map(({ what, organization }) => `${what} of ${organization.id} are wrong`)];
}

/** The users of all statuses together. */
export function sumOf({ pending, active, inactive }: Readonly<StatusCounts>): number {
  return pending + active + inactive;
}
