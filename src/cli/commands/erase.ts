/** Erases the users of a list: shows the plan, asks for confirmation, and erases in batches. */
import type { Core } from '../../core/core.ts';
import { completeErasures } from '../../core/erasure/complete-erasures.ts';
import { type ErasurePlan, eraseUsers, planErasures } from '../../core/erasure/erase-users.ts';
import { parseHumanId, parseUserIdText, type UserId } from '../../core/ids.ts';
import { CommandError } from '../command.ts';
import { confirm } from '../confirm.ts';
import { counted, secondsSince } from '../layout.ts';
import { door, findOrganization, onOrganizations } from '../operator.ts';
import { readTextFile } from '../text-file.ts';
import { ProgressBar } from '../transfer/progress-bar.ts';

export const run = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const organization = await findOrganization(directory, invocation);
  const ids = await readIds(invocation.get('ids'));
  const plan = await planErasures(core, ids, organization?.key ?? null);
  await directory.recordIn(plan.users.map(({ orgKey }) => orgKey));
  if (plan.users.length > 0 && !(await confirm(invocation, questionOf(plan)))) {
    throw new CommandError('cancelled: no user was erased');
  }
  const startedAt = performance.now();
  const { erased, lastAdmins, gone } = await eraseAll(core, plan);
  const seconds = secondsSince(startedAt);
  // A running server completes erasures too; without a server only this command does.
  await completeErasures(core);
  const unknown = plan.unknown + gone;
  const perSecond = seconds === 0 ? '' : `, ${Math.round(erased / seconds).toLocaleString('en')} a second`;
  return {
    json: { erased, unknown, lastAdmins, seconds },
    text: `Erased ${counted(erased, 'user')} in ${seconds} s${perSecond}.`,
    notes: [
      ...(unknown === 0 ? [] : [unknownIds(unknown)]),
      ...(lastAdmins === 0
        ? []
        : [`not erased: ${counted(lastAdmins, 'user')}, each the last active admin of an organization`]),
    ],
    isFailure: lastAdmins > 0,
  };
});

function unknownIds(ids: number): string {
  return `${counted(ids, 'id')} ${ids === 1 ? 'belongs' : 'belong'} to no user`;
}

function questionOf({ users, unknown, connected }: ErasurePlan): string {
  const organizations = new Set(users.map(({ orgKey }) => orgKey)).size;
  const parts = [
    `${counted(users.length, 'user')} of ${counted(organizations, 'organization')} will be erased permanently`,
    `${connected.toLocaleString('en')} of them with connections that will be revoked at their providers`,
    ...(unknown === 0 ? [] : [unknownIds(unknown)]),
  ];
  return `${parts.join('; ')}.`;
}

async function eraseAll(core: Core, plan: ErasurePlan) {
  const bar = new ProgressBar();
  const total = { erased: 0, lastAdmins: 0, gone: 0 };
  try {
    for await (const { erased, lastAdmins, gone } of eraseUsers(core, door, plan)) {
      total.erased += erased;
      total.lastAdmins += lastAdmins;
      total.gone += gone;
      const done = total.erased + total.lastAdmins + total.gone;
      bar.show({ share: done / plan.users.length, text: counted(total.erased, 'user') });
    }
  } finally {
    bar.clear();
  }
  return total;
}

/** One id per line, in the format of any API; skips blank lines and lines that begin with #. */
async function readIds(path: string): Promise<readonly UserId[]> {
  const ids = new Set<UserId>();
  for (const [index, line] of (await readTextFile(path)).split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const id = parseUserIdText(text) ?? parseHumanId(text);
    if (id === null)
      throw new CommandError(`line ${index + 1} of ${path} is not a user id: no user was erased`);
    ids.add(id);
  }
  return [...ids];
}
