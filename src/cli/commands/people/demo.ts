/** Fills a directory with demo people, and removes exactly them again. */
import { randomInt } from 'node:crypto';
import type { Directory } from '../../../app/open-directory.ts';
import { addDemoPeople, type DemoState, findDemoState } from '../../../core/demo-people/fill-directory.ts';
import { removeDemoPeople } from '../../../core/demo-people/remove-people.ts';
import type { Organization } from '../../../core/directory/organization.ts';
import { completeErasures } from '../../../core/erasure/complete-erasures.ts';
import { CommandError, type Invocation, type Outcome, UsageError } from '../../command.ts';
import { confirm } from '../../confirm.ts';
import { counted, secondsSince } from '../../layout.ts';
import { getOnlyOrganization, onOrganizations, operatorOf } from '../../operator.ts';
import { ProgressBar } from '../../transfer/progress-bar.ts';

/** People who were added or erased in a call, for the figures of its result. */
interface Done {
  readonly people: number;
  readonly seconds: number;
}

export const demo = onOrganizations(
  async (directory, invocation): Promise<Outcome> => {
    const users = invocation.find('users');
    const isRemoval = invocation.find('remove') !== undefined;
    if ((users === undefined) !== isRemoval) {
      throw new UsageError('give --users N, or --remove', invocation.command);
    }
    const organization = await getOnlyOrganization(directory, invocation);
    const state = await findDemoState(directory.core, operatorOf(organization.key));
    if (isRemoval) return remove(directory, invocation, organization, state);
    return add(directory, invocation, { organization, size: Number(users), state });
  },
  { isBulk: true },
);

async function add(
  { core, config }: Directory,
  invocation: Invocation,
  { organization, size, state }: { organization: Organization; size: number; state: DemoState },
): Promise<Outcome> {
  if (config.isProduction && state.users > state.demoPeople) {
    throw new CommandError('in production only an organization without other users gets demo people');
  }
  if (config.isProduction) {
    const question = `${counted(size, 'demo user')} will be added to ${organization.name}, in production.`;
    if (!(await confirm(invocation, question))) throw new CommandError('cancelled: no one was added');
  }
  const order = { organization, size, seed: randomInt(2 ** 31) };
  const { people, seconds } = await follow(size, addDemoPeople(core, operatorOf(organization.key), order));
  return {
    json: { added: people, seconds },
    text: `${counted(people, 'demo user')} added in ${seconds} s; \`roster demo --remove\` erases them.`,
  };
}

async function remove(
  { core }: Directory,
  invocation: Invocation,
  organization: Organization,
  { demoPeople }: DemoState,
): Promise<Outcome> {
  const question = `${counted(demoPeople, 'demo user')} of ${organization.name} will be erased permanently.`;
  if (demoPeople > 0 && !(await confirm(invocation, question))) {
    throw new CommandError('cancelled: no one was erased');
  }
  let lastAdmins = 0;
  const counts = async function* (): AsyncGenerator<number> {
    let erased = 0;
    for await (const batch of removeDemoPeople(core, operatorOf(organization.key))) {
      erased += batch.erased;
      lastAdmins += batch.lastAdmins;
      yield erased;
    }
  };
  const { people, seconds } = await follow(demoPeople, counts());
  // A running server completes erasures too; without a server only this command does.
  await completeErasures(core);
  return {
    json: { erased: people, lastAdmins, seconds },
    text: `${counted(people, 'demo user')} erased in ${seconds} s.`,
    notes:
      lastAdmins === 0 ? [] : ['not erased: a demo person who is the last active admin of the organization'],
    isFailure: lastAdmins > 0,
  };
}

/** Shows the progress up to the end. */
async function follow(all: number, counts: AsyncIterable<number>): Promise<Done> {
  const bar = new ProgressBar();
  const startedAt = performance.now();
  let people = 0;
  try {
    for await (people of counts) bar.show({ share: people / all, text: counted(people, 'demo user') });
  } finally {
    bar.clear();
  }
  return { people, seconds: secondsSince(startedAt) };
}
