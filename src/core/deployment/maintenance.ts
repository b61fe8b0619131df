/**
 * Holds what the database keeps against what is there. Counts are kept so that no page has to count; here they
 * are counted, compared, and on request made right. Of the database's own files it only tells: what is damaged
 * there comes from a backup.
 */
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { listOrganizations } from '../directory/organization-lifecycle.ts';
import type { UserStatus } from '../directory/user.ts';
import type { OrgKey } from '../ids.ts';

export type StatusCounts = Record<UserStatus, number>;

/** The users of an organization, counted in one state of the database. */
export interface CountReport {
  /** How many there are. */
  readonly counted: Readonly<StatusCounts>;
  /** How many the kept counts say there are. */
  readonly kept: Readonly<StatusCounts>;
  /** What does not fit: parts with other numbers than their users, sums that are none, parts out of place. */
  readonly faults: number;
}

/** How a store of one process does at the moment. Cheap: nothing is asked of the database. */
export interface StoreMeasurements {
  /** Changes that wait for their transaction. */
  readonly changesWaiting: number;
  /** What the database file and its log take on the disk; null where the database is no file of ours. */
  readonly file: { readonly bytes: number; readonly logBytes: number } | null;
  /** Connections to a database server, by what they are for; empty where there is none. */
  readonly connections: readonly {
    readonly use: 'changes' | 'reads';
    readonly inUse: number;
    readonly idle: number;
    /** Who waits for one. */
    readonly waiting: number;
  }[];
}

/** What a store offers to whoever looks after it. Everything may be called while others serve. */
export interface Maintenance {
  /** Counts the users of an organization and compares. Reads every one of them; changes nothing. */
  checkCounts(orgKey: OrgKey): Promise<CountReport>;
  /**
   * Makes the counts of an organization right, in short transactions that let others in between. Only where the
   * order of the counts itself is lost it takes one, and other changes wait some seconds for each million users.
   */
  repairCounts(orgKey: OrgKey): Promise<void>;
  /**
   * What the database finds wrong with its own files, a line each, and without a person's data; empty where it
   * finds nothing. Reads all of it.
   */
  checkIntegrity(): Promise<readonly string[]>;
  measurements(): StoreMeasurements;
}

/** An organization whose kept counts were wrong. */
export interface CountDifference extends CountReport {
  readonly organization: Organization;
  /** Whether they were made right and then found to be. */
  readonly isRepaired: boolean;
}

export interface DirectoryReport {
  readonly organizations: number;
  readonly users: number;
  readonly differences: readonly CountDifference[];
  /** What is wrong with the database's files. */
  readonly problems: readonly string[];
}

/**
 * Looks through the files, and recounts one organization, or all of them with null. With `repairs` what was
 * counted otherwise than kept is made right. On damaged ground nothing is counted or repaired.
 */
export async function checkDirectory(
  core: Core,
  maintenance: Maintenance,
  options: { readonly only: Organization | null; readonly repairs: boolean },
): Promise<DirectoryReport> {
  const problems = await maintenance.checkIntegrity();
  if (problems.length > 0) return { organizations: 0, users: 0, differences: [], problems };
  const organizations = options.only === null ? await listOrganizations(core) : [options.only];
  const differences: CountDifference[] = [];
  let users = 0;
  for (const organization of organizations) {
    const report = await maintenance.checkCounts(organization.key);
    users += sumOf(report.counted);
    if (report.faults === 0) continue;
    const isRepaired = options.repairs && (await repair(maintenance, organization));
    differences.push({ ...report, organization, isRepaired });
  }
  return { organizations: organizations.length, users, differences, problems };
}

async function repair(maintenance: Maintenance, { key }: Organization): Promise<boolean> {
  await maintenance.repairCounts(key);
  return (await maintenance.checkCounts(key)).faults === 0;
}

/** The users of every status. */
export function sumOf({ pending, active, inactive }: Readonly<StatusCounts>): number {
  return pending + active + inactive;
}
