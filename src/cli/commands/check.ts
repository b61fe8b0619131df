/** Recounts users, compares with the stored counts, and lets the database check its own files. Ends with 1 if anything is wrong. */
import { type CountDifference, checkDirectory, sumOf } from '../../core/deployment/maintenance.ts';
import { bold, counted, table } from '../layout.ts';
import { findOrganization, onDirectory } from '../operator.ts';

export const check = onDirectory(async (directory, invocation) => {
  const { core, maintenance } = directory;
  const only = await findOrganization(directory, invocation);
  const repairs = invocation.find('repair') !== undefined;
  const { organizations, users, differences, problems } = await checkDirectory(core, maintenance, {
    ...{ only, repairs },
  });
  const isSound = problems.length === 0 && differences.every(({ isRepaired }) => isRepaired);
  const summary = `Counted ${counted(users, 'user')} in ${counted(organizations, 'organization')}`;
  return {
    json: {
      ...{ ok: isSound, organizations, users },
      differences: differences.map(({ organization: { id, name }, ...difference }) => {
        const { counted: found, kept, faults, isRepaired } = difference;
        return { organization: { id, name }, counted: found, kept, faults, repaired: isRepaired };
      }),
      database: problems,
    },
    text: [
      ...(problems.length === 0
        ? ['The database is sound.', `${summary}${differences.length === 0 ? ': the counts are right' : ''}.`]
        : [bold('The database is damaged; nothing was counted.'), ...problems]),
      ...(differences.length === 0 ? [] : [renderDifferences(differences)]),
    ].join('\n'),
    notes: [
      ...(differences.every(({ isRepaired }) => isRepaired)
        ? []
        : ['`roster check --repair` corrects the counts']),
      ...(problems.length === 0 ? [] : ['restore a damaged database from a backup']),
    ],
    isFailure: !isSound,
  };
});

function renderDifferences(differences: readonly CountDifference[]): string {
  const rows = differences.map(({ organization, counted: found, kept, faults, isRepaired }) => {
    const numbers = [sumOf(found), sumOf(kept), faults].map(String);
    return [organization.id, organization.name, ...numbers, isRepaired ? 'repaired' : 'wrong'];
  });
  return table(['id', 'name', 'users', 'stored', 'faults', 'now'], rows, '');
}
