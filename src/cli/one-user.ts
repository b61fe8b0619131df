/** Finds the one user that an operator means. */
import type { Directory } from '../app/open-directory.ts';
import { findDossiers, type UserDossier } from '../core/directory/user-dossier.ts';
import { CommandError, type Invocation } from './command.ts';
import { findOrganization } from './operator.ts';

/** The user whom the reference names, in the organization of `--org` where the option is given. */
export async function findUser(
  directory: Directory,
  invocation: Invocation,
  reference: string,
): Promise<UserDossier> {
  const only = await findOrganization(directory, invocation);
  return pickUser(await findDossiers(directory.core, reference), only?.id ?? null);
}

/**
 * The dossier that is meant: an email may belong to one user in each of several organizations, and several users may
 * request it, or have one external id or phone.
 */
function pickUser(dossiers: readonly UserDossier[], organizationId: string | null): UserDossier {
  const found = dossiers.filter(({ organization }) => {
    return organizationId === null || organization.id === organizationId;
  });
  const [only, second] = found;
  if (only === undefined) throw new CommandError('there is no such user');
  if (second === undefined) return only;
  if (second.organization.id === only.organization.id) {
    const numbers = found.map(({ user }) => String(user.number)).join(', ');
    throw new CommandError(`several users match: use a number, one of ${numbers}`);
  }
  const ids = found.map(({ organization }) => `--org ${organization.id}`).join(' or ');
  throw new CommandError(`several organizations have such a user: add ${ids}`);
}
