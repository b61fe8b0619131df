/** Everything the operator may see of one user, also what no contract shows: sessions, open codes, approvals. */
import type { Session } from '../access/session.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { type OrgKey, parseHumanId, parseUserIdText, parseUserNumber, type UserId } from '../ids.ts';
import { searchLimits } from '../search/find-users.ts';
import { searchTextOf } from '../search/folding.ts';
import { rankOf, ranks, readSearchText } from '../search/search-query.ts';
import type { SystemTx, Tx } from '../unit-of-work.ts';
import type { PasswordToken } from '../verification/password-token.ts';
import type { App, Organization } from './organization.ts';
import type { User } from './user.ts';

/** More users with one phone are not told apart by it. */
const samePhoneMax = 20;

export interface UserDossier {
  readonly organization: Organization;
  readonly app: App | null;
  readonly user: User;
  readonly sessions: readonly Session[];
  /** The end of the open confirmation code, and how many tries are left; null without a code. */
  readonly openCode: { readonly expiresAt: number; readonly triesLeft: number } | null;
  /** Reset and invitation links that can be used now. */
  readonly openTokens: readonly PasswordToken[];
}

/**
 * Every user of any organization that the reference names: an id in the form of any contract, a number, an email that the
 * user has or, where no user has it, requests, an external id, or, where it is none of these in any organization, a phone. Refuses
 * with `not_found` (user) where there is none.
 */
export async function findDossiers(core: Core, reference: string): Promise<readonly UserDossier[]> {
  const text = reference.trim();
  const dossiers = await core.work.readSystem('operator', async (system) => {
    const found: UserDossier[] = [];
    for (const organization of await listWithUser(system, text)) {
      const tx = system.within(organization.key);
      for (const user of await listUsers(tx, text)) {
        const now = core.clock.now();
        const code = await tx.codes.find(user.id);
        found.push({
          organization,
          app: await system.apps.find(user.appId),
          user,
          sessions: await tx.sessions.listOf(user.id),
          openCode: code === null || code.expiresAt <= now || code.triesLeft <= 0 ? null : code,
          openTokens: await tx.passwordTokens.listOpen(user.id, now),
        });
      }
    }
    return found;
  });
  if (dossiers.length === 0) throw refuse('not_found', { noun: 'user', id: reference });
  return dossiers;
}

/** Organizations that are asked for a phone at the same time. */
const askedTogether = 100;

/** The organizations with a user whom the text names, oldest first. Phones have no index, so each organization searches its own. */
async function listWithUser(system: SystemTx, text: string): Promise<readonly Organization[]> {
  const names = { id: parseId(text), number: parseUserNumber(text), text };
  const keys = await system.users.listOrganizations(names);
  if (keys.length > 0) {
    const found = await system.organizations.listByKeys(keys);
    return found.toSorted((left, right) => left.createdAt - right.createdAt);
  }
  if (readSearchText(text, 'reference').query.digits === null) return [];
  const organizations = await system.organizations.list();
  const found: Organization[] = [];
  for (let at = 0; at < organizations.length; at += askedTogether) {
    const some = organizations.slice(at, at + askedTogether);
    const users = await Promise.all(some.map(({ key }) => listByPhone(system.within(key), text)));
    found.push(...some.filter((_, place) => (users[place] ?? []).length > 0));
  }
  return found;
}

/**
 * The ids of the users of an organization that the reference names, as in `findDossiers`. An id names itself, so that it
 * also leads to what was recorded about an erased user.
 */
export async function findUserIds(core: Core, orgKey: OrgKey, reference: string): Promise<readonly UserId[]> {
  const text = reference.trim();
  const id = parseId(text);
  if (id !== null) return [id];
  return (await core.work.read(orgKey, (tx) => listUsers(tx, text))).map((user) => user.id);
}

async function listUsers(tx: Tx, reference: string): Promise<readonly User[]> {
  const id = parseId(reference);
  const number = parseUserNumber(reference);
  const ref = id !== null ? { id } : number !== null ? { number } : null;
  const user = ref === null ? await tx.users.findByEmail(reference) : await tx.users.find(ref);
  if (user !== null) return [user];
  const named = ref === null ? await tx.users.listByRequestedEmail(reference) : [];
  if (named.length > 0) return named;
  const byExternalId = await tx.users.listByExternalId(reference);
  return byExternalId.length > 0 ? byExternalId : listByPhone(tx, reference);
}

/** The users who have the phone number, in any way of writing it. */
async function listByPhone(tx: Tx, reference: string): Promise<readonly User[]> {
  const { query } = readSearchText(reference, 'reference');
  if (query.digits === null) return [];
  const { ids } = await tx.userSearch.find(query, {}, [], searchLimits);
  const found = await Promise.all(ids.slice(0, samePhoneMax).map((each) => tx.users.find({ id: each })));
  return found
    .filter((user) => user !== null)
    .filter((user) => rankOf(searchTextOf(user), query) === ranks.exact);
}

const parseId = (text: string): UserId | null => {
  const lower = text.toLowerCase();
  return parseUserIdText(lower) ?? parseHumanId(lower);
};
