/** The numbers of the budgets of messages, and the port that counts. All processes share the counters. */
import type { Hit, Quota } from '../access/throttle.ts';
import type { OrgKey } from '../ids.ts';
import { dayMs } from '../time.ts';
import type { Channel } from './message.ts';

/** How long the row of a day stays after its day began. */
export const dayCountLifeMs = 2 * dayMs;

export type DayScope = 'organization' | 'deployment';

export type BudgetName = 'address' | 'account' | DayScope;

/** The numbers of a deployment. */
export interface MessageLimits {
  /** To one mailbox or number, from all organizations together. */
  readonly address: readonly Quota[];
  /** That one account causes. */
  readonly account: Quota;
  /** In a day; null for any number. */
  readonly day: Readonly<Record<Channel, Readonly<Record<DayScope, number | null>>>>;
  /** That one API key, or one member of staff, sends in a day. */
  readonly invitationsDay: number;
}

/** What became of a message that a transaction wrote: queued where `budget` is null, else dropped because of that budget. */
export interface MessageOutcome {
  readonly channel: Channel;
  readonly budget: BudgetName | null;
}

/** An amount of a budget that begins again each day, at midnight UTC. */
export interface DayAmount {
  readonly scope: DayScope;
  /** What is counted, such as `sms`. */
  readonly budget: string;
  /** 0 does the same work and uses nothing. */
  readonly amount: number;
  /** Never exceeded, by any number of transactions at the same time. */
  readonly limit: number;
}

export interface MessageBudgetStore {
  /**
   * Counts one message to a destination, whose keyed digest is the same in every organization, if the quotas allow it.
   * Null when it was counted; otherwise the milliseconds until the next message is allowed.
   */
  hit(bucket: string, subject: string, quotas: readonly Quota[], now: number): Promise<number | null>;
  /** The messages to the destinations, from any organization, that still count. */
  listHits(subjects: readonly string[], now: number): Promise<readonly Hit[]>;
  /** Forgets the messages to the destinations. Returns how many there were. */
  clear(subjects: readonly string[]): Promise<number>;
  /** Uses an amount of today's budget. False where less than the amount is left; then nothing is used. */
  use(amount: DayAmount, now: number): Promise<boolean>;
  /** Reports, after the commit, what became of a message. A message of a transaction that is rolled back is not reported. */
  report(outcome: MessageOutcome): void;
  /** How much of today's budget is used. */
  findUsed(budget: Pick<DayAmount, 'scope' | 'budget'>, now: number): Promise<number>;
}

/** The budgets of all organizations, for the operator. */
export interface MessageBudgetQueue {
  /** What is used of today's budgets. The key 0 stands for the whole deployment. */
  listUsed(now: number): Promise<readonly UsedBudget[]>;
}

export interface UsedBudget {
  readonly orgKey: OrgKey;
  readonly budget: string;
  readonly used: number;
}

/** How long it is until the budgets of a day begin again. */
export function untilTomorrowMs(now: number): number {
  return dayMs - (now % dayMs);
}
