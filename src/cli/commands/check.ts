/** Recounts what is kept as counts, and has the database look through its files; ends with 1 where something is wrong. */
import { type CountDifference, checkDirectory, sumOf } from '../../core/deployment/maintenance.ts';
import { bold, table } from '../layout.ts';
import { findOrganization, onDirectory } from '../operator.ts';

export const check = onDirectory(async (directory, invocation) => {
  const { core, maintenance } = directory;
  const only = await findOrganization(directory, invocation);
  const repairs = invocation.find('repair') !== undefined;
  const { organizations, users, differences, problems } = await checkDirectory(core, maintenance, {
    ...{ only, repairs },
  });
  const isSound = problems.length === 0 && differences.every(({ isRepaired }) => isRepaired);
  const counted = `Counted ${plural(users, 'user')} in ${plural(organizations, 'organization')}`;
  return {
    json: {
      ...{ ok: isSound, organizations, users },
      differences: differences.map(({ organization: { id, name }, counted, kept, faults, isRepaired }) => {
        return { organization: { id, name }, counted, kept, faults, repaired: isRepaired };
      }),
      database: problems,
    },
    text: [
      ...(problems.length === 0
        ? ['The database is sound.', `${counted}${differences.length === 0 ? ': the counts are right' : ''}.`]
        : [bold('The database is damaged; nothing was counted.'), ...problems]),
      ...(differences.length === 0 ? [] : [differ(differences)]),
    ].join('\n'),
    notes: [
      ...(differences.every(({ isRepaired }) => isRepaired) ? [] : ['`roster check --repair` mends counts']),
      ...(problems.length === 0 ? [] : ['a damaged database comes from a backup']),
    ],
    isFailure: !isSound,
  };
});

function differ(differences: readonly CountDifference[]): string {
  const rows = differences.map(({ organization, counted, kept, faults, isRepaired }) => {
    const numbers = [sumOf(counted), sumOf(kept), faults].map(String);
    return [organization.id, organization.name, ...numbers, isRepaired ? 'mended' : 'wrong'];
  });
  return table(['id', 'name', 'users', 'kept', 'faults', 'now'], rows, '');
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
