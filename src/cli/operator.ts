/**
 * How a command gets at the directory: on the data folder that the settings name, also while a server runs on
 * it. Everything a command does is recorded as done by the operator at the command line.
 */
import { type Directory, type DirectoryOptions, hasDirectory, openDirectory } from '../app/open-directory.ts';
import { readConfig } from '../config/config.ts';
import type { Organization } from '../core/directory/organization.ts';
import { getOrganization, listOrganizations } from '../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../core/errors.ts';
import type { OrgKey } from '../core/ids.ts';
import { CommandError, type Handler, type Invocation, type Outcome } from './command.ts';
import { explainOutage } from './failure.ts';

/** The door in the audit events of what is done here. */
export const door = 'cli';

type Work = (directory: Directory, invocation: Invocation) => Promise<Outcome>;

type Use = Pick<DirectoryOptions, 'isBulk'>;

/** A handler that works on a directory, which is made where there is none. */
export function onAnyDirectory(work: Work, use: Use = {}): Handler {
  return async (invocation) => {
    const { config, secrets } = readConfig(invocation.env);
    let outage: unknown = null;
    const onOutage = (error: unknown): void => {
      outage = error;
    };
    const directory = await openDirectory({ ...use, config, secrets }, { onOutage });
    try {
      return await work(directory, invocation);
    } catch (error) {
      const told = isRefusal(error, 'unavailable') ? explainOutage(outage) : null;
      throw told === null ? error : new CommandError(told);
    } finally {
      await directory.close();
    }
  };
}

/** A handler that works on a directory that is there; a mistyped folder is told, not made. */
export function onDirectory(work: Work, use: Use = {}): Handler {
  return (invocation) => {
    const { config, secrets } = readConfig(invocation.env);
    const nothingThere = new CommandError(
      `there is no directory in ${config.dataDir}: \`roster init\` makes one`,
    );
    if (!hasDirectory(config, secrets)) throw nothingThere;
    return onAnyDirectory(work, use)(invocation);
  };
}

/** The organization that `--org` names, null without the option. Refuses with `organization_not_found`. */
export async function findOrganization(
  { core }: Directory,
  invocation: Invocation,
): Promise<Organization | null> {
  const id = invocation.find('org');
  return id === undefined ? null : getOrganization(core, id);
}

/** Organizations by their internal key, for lists that name them. */
export async function organizationsByKey({ core }: Directory): Promise<ReadonlyMap<OrgKey, Organization>> {
  return new Map((await listOrganizations(core)).map((organization) => [organization.key, organization]));
}
