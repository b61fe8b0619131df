/**
 * Recounts users, compares with the stored counts and the search blocks, names users with one mailbox, and lets the
 * database check its own files. Ends with 1 if anything is wrong.
 */
import { findFileProblems } from '../../app/open-database.ts';
import { readConfig } from '../../config/config.ts';
import {
  type CountDifference,
  checkDirectory,
  type DirectoryReport,
  faultsOf,
  nothingCounted,
  sumOf,
} from '../../core/deployment/maintenance.ts';
import { toUserIdText } from '../../core/ids.ts';
import type { Handler, Outcome } from '../command.ts';
import { bold, counted, table } from '../layout.ts';
import { findOrganization, onDirectory } from '../operator.ts';

/** A file that is too damaged for a directory to open is checked all the same. */
export const check: Handler = async (invocation) => {
  try {
    return await checkOpened(invocation);
  } catch (error) {
    const problems = await findFileProblems(readConfig(invocation.env));
    if (problems.length === 0) throw error;
    return render({ ...nothingCounted, problems });
  }
};

const checkOpened = onDirectory(async (directory, invocation) => {
  const { core, maintenance } = directory;
  const only = await findOrganization(directory, invocation);
  const repairs = invocation.find('repair') !== undefined;
  return render(await checkDirectory(core, maintenance, { only, repairs }));
});

function render(report: DirectoryReport): Outcome {
  const { organizations, users, differences, wrongLists, emailPairs, search, problems } = report;
  const isSound = faultsOf(report).length === 0;
  const isAllRight = differences.length + wrongLists.length === 0;
  const summary = `Counted ${counted(users, 'user')} in ${counted(organizations, 'organization')}`;
  return {
    json: {
      ...{ ok: isSound, organizations, users },
      differences: differences.map(({ organization: { id, name }, ...difference }) => {
        const { counted: found, kept, faults, isRepaired: repaired } = difference;
        return { organization: { id, name }, counted: found, kept, faults, repaired };
      }),
      ...(wrongLists.length === 0 ? {} : { auditLists: wrongLists.map(nameLists) }),
      ...(emailPairs.length === 0 ? {} : { emailPairs: emailPairs.map(namePair) }),
      ...(search.length === 0 ? {} : { search: search.map(nameSearch) }),
      database: problems,
    },
    text: [
      ...(problems.length === 0
        ? ['The database is sound.', `${summary}${isAllRight ? ': the counts are right' : ''}.`]
        : [bold('The database is damaged; nothing was counted.'), ...problems]),
      ...(differences.length === 0 ? [] : [renderDifferences(differences)]),
      ...(wrongLists.length === 0 ? [] : [renderLists(wrongLists)]),
      ...(emailPairs.length === 0 ? [] : [renderPairs(emailPairs)]),
      ...(search.length === 0 ? [] : [renderSearch(search)]),
    ].join('\n'),
    notes: [
      ...(isSound || problems.length > 0
        ? []
        : ['`roster check --repair` corrects the counts and the search']),
      ...(emailPairs.length === 0
        ? []
        : ['two users with one mailbox stay two users: change the email of one, or erase one']),
      ...(problems.length === 0 ? [] : ['restore a damaged database from a backup']),
    ],
    isFailure: !isSound,
  };
}

function nameLists({ organization: { id, name }, lists, isRepaired }: DirectoryReport['wrongLists'][number]) {
  return { organization: { id, name }, lists: lists.length, repaired: isRepaired };
}

function renderLists(wrong: DirectoryReport['wrongLists']): string {
  const rows = wrong.map(nameLists).map(({ organization: { id, name }, lists, repaired }) => {
    return [id, name, String(lists), repaired ? 'counted again' : 'wrong'];
  });
  return table(['id', 'name', 'lists of audit events', 'now'], rows, '');
}

function namePair({ organization: { id, name }, holderId, otherId }: DirectoryReport['emailPairs'][number]) {
  return { organization: { id, name }, users: [holderId, otherId].map(toUserIdText) };
}

function nameSearch({
  organization: { id, name },
  blocks,
  wrong,
  isRepaired,
}: DirectoryReport['search'][number]) {
  return { organization: { id, name }, blocks, wrong, repaired: isRepaired };
}

function renderSearch(search: DirectoryReport['search']): string {
  const rows = search.map(nameSearch).map(({ organization, blocks, wrong, repaired }) => {
    return [organization.id, String(blocks), String(wrong), repaired ? 'repaired' : 'wrong'];
  });
  return table(['organization', 'search blocks', 'wrong ones', 'now'], rows, '');
}

/** The first user is found by every spelling of the email, the second by its own alone. */
function renderPairs(pairs: DirectoryReport['emailPairs']): string {
  const rows = pairs.map(namePair).map(({ organization, users }) => [organization.id, ...users]);
  return table(['organization', 'users with one mailbox', ''], rows, '');
}

function renderDifferences(differences: readonly CountDifference[]): string {
  const rows = differences.map(({ organization, counted: found, kept, faults, isRepaired }) => {
    const numbers = [sumOf(found), sumOf(kept), faults].map(String);
    return [organization.id, organization.name, ...numbers, isRepaired ? 'repaired' : 'wrong'];
  });
  return table(['id', 'name', 'users', 'stored', 'faults', 'now'], rows, '');
}
