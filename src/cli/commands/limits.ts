/** Shows and clears what the limits count: of an account, of a network, and the budgets of the day. */
import {
  clearAccountLimits,
  clearNetworkLimits,
  type DayUse,
  type LimitUse,
  listAccountLimits,
  listDayBudgets,
  listNetworkLimits,
} from '../../core/deployment/limits.ts';
import type { User } from '../../core/directory/user.ts';
import { toUserIdText } from '../../core/ids.ts';
import { recordOperatorRead } from '../../core/record/commands.ts';
import { dayMs, hourMs, minuteMs } from '../../core/time.ts';
import { CommandError, type Invocation, type Outcome, UsageError } from '../command.ts';
import { counted, table } from '../layout.ts';
import { findUser } from '../one-user.ts';
import { type OperatorDirectory, onOrganizations, operatorOf } from '../operator.ts';

export const show = onOrganizations(async (directory, invocation) => {
  const { account, network } = subjectOf(invocation);
  const { core } = directory;
  if (account !== undefined) {
    const user = await findAccount(directory, invocation, account);
    return outcomeOf({ account: toUserIdText(user.id) }, await listAccountLimits(core, user));
  }
  if (network !== undefined) {
    return outcomeOf({ network }, (await listNetworkLimits(core, network)) ?? refuseAddress(network));
  }
  const uses = await listDayBudgets(core);
  await directory.recordIn(
    uses.flatMap(({ organization }) => (organization === null ? [] : [organization.key])),
  );
  const budgets = uses.map(presentBudget);
  return {
    json: { budgets },
    text: table(
      ['organization', 'budget', 'used', 'of'],
      budgets.map(({ organization, budget, used, most }) => [
        organization ?? 'deployment',
        budget,
        String(used),
        most === null ? '-' : String(most),
      ]),
      'No budget of today is limited or used.',
    ),
  };
});

export const clear = onOrganizations(async (directory, invocation) => {
  const { account, network } = subjectOf(invocation);
  const { core } = directory;
  if (account !== undefined) {
    const user = await findAccount(directory, invocation, account);
    return clearedOutcome({ account: toUserIdText(user.id) }, await clearAccountLimits(core, user));
  }
  if (network === undefined) throw new UsageError('use --account or --network', invocation.command);
  return clearedOutcome({ network }, (await clearNetworkLimits(core, network)) ?? refuseAddress(network));
});

function subjectOf(invocation: Invocation): { account: string | undefined; network: string | undefined } {
  const account = invocation.find('account');
  const network = invocation.find('network');
  if (account !== undefined && network !== undefined) {
    throw new UsageError('use either --account or --network', invocation.command);
  }
  return { account, network };
}

async function findAccount(
  directory: OperatorDirectory,
  invocation: Invocation,
  account: string,
): Promise<User> {
  const { user } = await findUser(directory, invocation, account);
  await recordOperatorRead(directory.core, operatorOf(user.orgKey), user.id);
  return user;
}

function refuseAddress(network: string): never {
  throw new CommandError(`${network} is not an IP address`);
}

/** Longest wait first: it is what the person asks about. */
function outcomeOf(subject: object, uses: readonly LimitUse[]): Outcome {
  const limits = [...uses].sort((left, right) => right.waitMs - left.waitMs).map(presentUse);
  return {
    json: { ...subject, limits },
    text: table(
      ['limit', 'of', 'used', 'most', 'next in'],
      limits.map(({ limit, of, used, most, windowSeconds, waitSeconds }) => [
        limit,
        of,
        String(used),
        most === null
          ? '-'
          : `${most}${windowSeconds === null ? '' : ` in ${spanText(windowSeconds * 1_000)}`}`,
        waitSeconds === 0 ? 'now' : `${waitSeconds} s`,
      ]),
      'Nothing is counted.',
    ),
  };
}

function presentUse({ limit, of, used, most, windowMs, waitMs }: LimitUse) {
  const windowSeconds = windowMs === null ? null : windowMs / 1_000;
  return { limit, of, used, most, windowSeconds, waitSeconds: Math.ceil(waitMs / 1_000) };
}

/** Money is in the unit of the price list, all else in messages. */
function presentBudget({ organization, budget, used, most }: DayUse) {
  const unit = budget === 'sms money' ? 1_000_000 : 1;
  return {
    organization: organization?.id ?? null,
    budget,
    used: used / unit,
    most: most === null ? null : most / unit,
  };
}

function spanText(ms: number): string {
  if (ms % dayMs === 0) return counted(ms / dayMs, 'day');
  return ms % hourMs === 0 ? counted(ms / hourMs, 'hour') : counted(Math.round(ms / minuteMs), 'minute');
}

function clearedOutcome(subject: object, cleared: number): Outcome {
  return { json: { ...subject, cleared }, text: `${counted(cleared, 'count')} cleared.` };
}
