/**
 * How a command opens the directory: on the data folder that the settings name, also while a server runs on it.
 * Every change that a command makes is recorded as made by the operator at the command line.
 */
import { hasDirectory, lookAtFolder, lostDatabase } from '../app/lost-directory.ts';
import { type Directory, type DirectoryOptions, openDirectory } from '../app/open-directory.ts';
import { type Config, readConfig, type Secrets } from '../config/config.ts';
import { commandLine, type OperatorPrincipal, operatorAt } from '../core/access/principal.ts';
import type { Core } from '../core/core.ts';
import type { Organization } from '../core/directory/organization.ts';
import {
  getOrganization,
  listOrganizationsByKeys,
  pageOrganizations,
} from '../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../core/errors.ts';
import type { OrgKey } from '../core/ids.ts';
import { recordCommand, recordCommandEverywhere } from '../core/record/commands.ts';
import type { SystemTx } from '../core/unit-of-work.ts';
import { CommandError, type Handler, type Invocation, type Outcome } from './command.ts';
import { explainOutage } from './failure.ts';

/** The door in the audit events of these changes. */
export const door = commandLine;

/** These show and change nothing of an organization, and must work on a damaged or full database. */
const unrecorded: ReadonlySet<string> = new Set(['init', 'migrate', 'check']);

/** A directory with the record of the command that works on it. */
export interface OperatorDirectory extends Directory {
  /** Records the command in these organizations, once in each, before it shows or changes something of them. */
  recordIn(keys: Iterable<OrgKey>): Promise<void>;
}

type Work = (directory: OperatorDirectory, invocation: Invocation) => Promise<Outcome>;

type Use = Pick<DirectoryOptions, 'isBulk'> & {
  /**
   * `found`: without `--org` the command concerns the organizations that it finds, and is recorded in these with `recordIn`.
   * Where it finds none, it is recorded once, in the first organization. Default: it concerns all organizations.
   */
  readonly concerns?: 'all' | 'found';
};

/** A handler that works on a directory, and creates it if there is none. */
export function onAnyDirectory(work: Work, use: Use = {}): Handler {
  return async (invocation) => {
    const { config, secrets } = readConfig(invocation.env);
    let outage: unknown = null;
    const onOutage = (error: unknown): void => {
      outage = error;
    };
    const beginsAnew = invocation.find('begin-anew') !== undefined;
    const { concerns = 'all', ...how } = use;
    const directory = await openDirectory({ ...how, config, secrets, beginsAnew }, { onOutage });
    try {
      const { recordIn, end } = await beginRecord(directory, invocation, concerns);
      try {
        return await work({ ...directory, recordIn }, invocation);
      } finally {
        await end();
      }
    } catch (error) {
      const explanation = isRefusal(error, 'unavailable') ? explainOutage(outage) : null;
      throw explanation === null ? error : new CommandError(explanation);
    } finally {
      await directory.close();
    }
  };
}

/** A handler that works on an existing directory; it reports a mistyped folder and does not create it. */
export function onDirectory(work: Work, use: Use = {}): Handler {
  return (invocation) => {
    const { config, secrets } = readConfig(invocation.env);
    if (!hasDirectory(config, secrets)) throw nothingIn(config, secrets);
    return onAnyDirectory(work, use)(invocation);
  };
}

/** A handler that works on an existing directory, and concerns the organizations that it finds there. */
export function onOrganizations(work: Work, use: Pick<Use, 'isBulk'> = {}): Handler {
  return onDirectory(work, { ...use, concerns: 'found' });
}

function nothingIn(config: Config, secrets: Secrets): Error {
  if (lookAtFolder(config, secrets).hasRecords) return lostDatabase(config, secrets);
  return new CommandError(`there is no directory in ${config.dataDir}: \`roster init\` creates one`);
}

/** The command's principal in an organization, with the account of the operating system that runs it. */
export function operatorOf(orgKey: OrgKey): OperatorPrincipal {
  return operatorAt(door, orgKey);
}

/**
 * Records the command: in the organization of `--org`, before it reads or changes anything, else in every one, or in those that
 * it finds.
 */
async function beginRecord(
  { core }: Directory,
  invocation: Invocation,
  concerns: 'all' | 'found',
): Promise<Pick<OperatorDirectory, 'recordIn'> & { end(): Promise<void> }> {
  const { command } = invocation;
  const nothing = async (): Promise<void> => {};
  if (unrecorded.has(command)) return { recordIn: nothing, end: nothing };
  const only = invocation.find('org');
  if (only === undefined && concerns === 'all') {
    await recordCommandEverywhere(core, command);
    return { recordIn: nothing, end: nothing };
  }
  const recorded = new Set<OrgKey>();
  const recordIn = async (keys: Iterable<OrgKey>): Promise<void> => {
    const missing = [...new Set(keys)].filter((key) => !recorded.has(key));
    await recordCommand(core, missing, command);
    for (const key of missing) recorded.add(key);
  };
  const named = only === undefined ? null : await findById(core, only);
  if (named !== null) await recordIn([named.key]);
  return {
    recordIn,
    async end() {
      if (recorded.size > 0) return;
      const first = await core.work.readSystem('operator', (tx) => tx.organizations.findFirst());
      if (first !== null) await recordIn([first.key]);
    },
  };
}

/** The organization that `--org` names; null without the option. Refuses an organization that does not exist. */
export async function findOrganization(
  { core }: Directory,
  invocation: Invocation,
): Promise<Organization | null> {
  const id = invocation.find('org');
  return id === undefined ? null : getOrganization(core, id);
}

/** The organization that `--org` names; without it the only one. The command is recorded in it. */
export async function getOnlyOrganization(
  { core, recordIn }: OperatorDirectory,
  invocation: Invocation,
): Promise<Organization> {
  const id = invocation.find('org');
  if (id === undefined) {
    const [only, second] = (await pageOrganizations(core, { page: 1, size: 2 })).items;
    if (only !== undefined && second === undefined) {
      await recordIn([only.key]);
      return only;
    }
    throw new CommandError('add --org ID: there are several organizations (`roster org list`)');
  }
  const found = await findById(core, id);
  if (found === null) throw new CommandError('there is no such organization');
  return found;
}

async function findById(core: Core, id: string): Promise<Organization | null> {
  try {
    return await getOrganization(core, id);
  } catch (error) {
    if (isRefusal(error, 'not_found')) return null;
    throw error;
  }
}

/** An organization as lists show it; both null for one that is newer than the list. */
export interface OrganizationLabel {
  readonly id: string | null;
  readonly name: string | null;
}

/**
 * Finds the label of an organization by its internal key, for the organizations of these rows. The command shows the rows, so it is
 * recorded in these organizations.
 */
export async function readOrganizationLabels(
  { core, recordIn }: OperatorDirectory,
  rows: readonly { readonly orgKey: OrgKey }[],
): Promise<(orgKey: OrgKey) => OrganizationLabel> {
  const keys = rows.map(({ orgKey }) => orgKey);
  await recordIn(keys);
  const found = await listOrganizationsByKeys(core, keys);
  const labels = new Map(found.map(({ key, id, name }) => [key, { id, name }]));
  return (orgKey) => labels.get(orgKey) ?? { id: null, name: null };
}

/** The value of an option, as one of its choices; undefined without the option. */
export function choiceOf<T extends string>(
  invocation: Invocation,
  option: string,
  choices: readonly T[],
): T | undefined {
  return choices.find((each) => each === invocation.find(option));
}

/** Records the command in the organization of a thing that is named by its id, if `find` finds one. */
export async function recordInItsOrganization(
  { core, recordIn }: OperatorDirectory,
  find: (system: SystemTx) => Promise<{ readonly orgKey: OrgKey } | null>,
): Promise<void> {
  const found = await core.work.readSystem('operator', find);
  if (found !== null) await recordIn([found.orgKey]);
}
