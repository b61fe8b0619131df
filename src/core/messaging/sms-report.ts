/** What the operator sees of the limits of text messages: the log has each event once, and metrics have the present state. */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs } from '../time.ts';
import { dayOf } from './sms-limits.ts';
import {
  type BudgetNotice,
  type BudgetState,
  type ClosingNotice,
  nearBudget,
  type SmsDayCount,
  type SmsRules,
} from './sms-rules.ts';

/** A notice with the public id of its organization. */
type Named<Notice> = Omit<Notice, 'orgKey'> & { readonly organization: string };

export interface SmsNotices {
  readonly budgets: readonly Named<BudgetNotice>[];
  readonly closings: readonly Named<ClosingNotice>[];
}

/** Budgets that are spent or nearly so, and ranges that were closed, since the last call in any process. */
export async function claimSmsNotices(core: Core, { budgetDay }: SmsRules): Promise<SmsNotices> {
  // Also those of the day before: a budget may be spent in its last second.
  const since = dayOf(core.clock.now()) - dayMs;
  return core.work.changeSystem('job', async (tx) => {
    const budgets = budgetDay === null ? [] : await tx.smsLimits.claimBudgets(since, nearBudget(budgetDay));
    const closings = await tx.smsLimits.claimClosings(since);
    if (budgets.length + closings.length === 0) return { budgets: [], closings: [] };
    const keys = new Set([...budgets, ...closings].map(({ orgKey }) => orgKey));
    const ids = new Map((await tx.organizations.listByKeys([...keys])).map(({ key, id }) => [key, id]));
    const named = <Notice extends { orgKey: OrgKey }>({ orgKey, ...notice }: Notice) => ({
      ...notice,
      organization: ids.get(orgKey) ?? '',
    });
    return { budgets: budgets.map(named), closings: closings.map(named) };
  });
}

/** The texts of the present day (UTC), over all organizations. */
export interface SmsSummary {
  readonly counts: readonly SmsDayCount[];
  readonly budgets: Readonly<Record<BudgetState, number>>;
  readonly closed: readonly { readonly country: string; readonly count: number }[];
}

export async function summarizeSms({ sms, clock, work }: Core): Promise<SmsSummary> {
  const now = clock.now();
  const day = dayOf(now);
  const budget = sms?.budgetDay ?? null;
  const near = budget === null ? Number.MAX_SAFE_INTEGER : nearBudget(budget);
  return work.readSystem('operator', async (tx) => ({
    counts: await tx.smsLimits.sumCounts(day),
    budgets: await tx.smsLimits.countBudgets(day, near),
    closed: await tx.smsLimits.countClosed(now),
  }));
}
