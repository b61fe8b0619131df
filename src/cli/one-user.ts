/** Finds the one user that an operator means. */
import { findDossiers, type UserDossier } from '../core/directory/user-dossier.ts';
import { CommandError, type Invocation } from './command.ts';
import { findOrganization, type OperatorDirectory } from './operator.ts';

/**
 * The user whom the reference names, in the organization of `--org` where the option is given. The command is recorded where such
 * a user is.
 */
export async function findUser(
  directory: OperatorDirectory,
  invocation: Invocation,
  reference: string,
): Promise<UserDossier> {
  const only = await findOrganization(directory, invocation);
  const dossiers = await findDossiers(directory.core, reference);
  const found = dossiers.filter(({ organization }) => only === null || organization.id === only.id);
  await directory.recordIn(found.map(({ organization }) => organization.key));
  return pickUser(found);
}

/**
 * The dossier that is meant: an email may belong to one user in each of several organizations, and several users may
 * request it, or have one external id or phone.
 */
function pickUser(found: readonly UserDossier[]): UserDossier {
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
