/** Erases the users of a list: tells what it is about to do, asks, and does it in batches. */
import { readFile } from 'node:fs/promises';
import type { Core } from '../../core/core.ts';
import { completeErasures } from '../../core/erasure/complete-erasures.ts';
import { type ErasurePlan, eraseUsers, planErasures } from '../../core/erasure/erase-users.ts';
import { parseHumanId, parseUserIdText, type UserId } from '../../core/ids.ts';
import { CommandError } from '../command.ts';
import { confirm } from '../confirm.ts';
import { door, findOrganization, onDirectory } from '../operator.ts';
import { reasonOf } from '../transfer/private-file.ts';
import { counted, ProgressBar } from '../transfer/progress-bar.ts';

export const run = onDirectory(async (directory, invocation) => {
  const { core } = directory;
  const organization = await findOrganization(directory, invocation);
  const ids = await readIds(invocation.get('ids'));
  const plan = await planErasures(core, ids, organization?.key ?? null);
  if (plan.users.length > 0 && !(await confirm(invocation, questionOf(plan)))) {
    throw new CommandError('cancelled: nobody was erased');
  }
  const startedAt = performance.now();
  const { erased, lastAdmins, gone } = await eraseAll(core, plan);
  const seconds = Math.round((performance.now() - startedAt) / 10) / 100;
  // A server that runs does the same at the same time; without one nobody would.
  await completeErasures(core);
  const unknown = plan.unknown + gone;
  const perSecond = seconds === 0 ? '' : `, ${Math.round(erased / seconds).toLocaleString('en')} a second`;
  return {
    json: { erased, unknown, lastAdmins, seconds },
    text: `Erased ${counted(erased, 'user')} in ${seconds} s${perSecond}.`,
    notes: [
      ...(unknown === 0 ? [] : [ofNobody(unknown)]),
      ...(lastAdmins === 0
        ? []
        : [`${counted(lastAdmins, 'user')} left alone: the last active admins of their organizations`]),
    ],
    isFailure: lastAdmins > 0,
  };
});

function ofNobody(ids: number): string {
  return `${counted(ids, 'id')} ${ids === 1 ? 'belongs' : 'belong'} to nobody`;
}

function questionOf({ users, unknown, connected }: ErasurePlan): string {
  const organizations = new Set(users.map(({ orgKey }) => orgKey)).size;
  const parts = [
    `${counted(users.length, 'user')} of ${counted(organizations, 'organization')} will be erased for good`,
    `${connected.toLocaleString('en')} of them with connections that end at their providers`,
    ...(unknown === 0 ? [] : [ofNobody(unknown)]),
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

/** One id a line, in the spelling of any API; blank lines and those that begin with # say nothing. */
async function readIds(path: string): Promise<readonly UserId[]> {
  const ids = new Set<UserId>();
  for (const [index, line] of (await readList(path)).split('\n').entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const id = parseUserIdText(text) ?? parseHumanId(text);
    if (id === null) throw new CommandError(`line ${index + 1} of ${path} is no user id: nobody was erased`);
    ids.add(id);
  }
  return [...ids];
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${reasonOf(error)}`);
  }
}
