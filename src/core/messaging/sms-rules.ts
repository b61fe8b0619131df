/**
 * What text messages may cost. A text goes only to a number that takes texts, in a country that the deployment has
 * opened, to a range of numbers that is not closed, and while the day's budget of the organization lasts. Every other
 * code goes by mail. The rules are for a real sender: the development outbox takes every number.
 */
import type { OrgKey } from '../ids.ts';
import { hourMs, minuteMs } from '../time.ts';

/** Why a text is not sent. `number`: it takes no texts. `country`: the deployment does not text there. */
export const diversions = ['number', 'country', 'range', 'budget'] as const;
export type Diversion = (typeof diversions)[number];

/** Where a text goes, and its price. */
export interface SmsDestination {
  /** ISO 3166, two letters. */
  readonly country: string;
  /** Of one segment, in millionths. */
  readonly price: number;
}

/** The rules of a deployment with a real sender of texts. */
export interface SmsRules {
  /** The destination of a number (E.164); a diversion where it must not be texted. */
  destinationOf(phoneE164: string): SmsDestination | Extract<Diversion, 'number' | 'country'>;
  /** How many segments a text has. Each costs the price. */
  segmentsOf(body: string): number;
  /** What one organization may spend in a day (UTC), in millionths; null for no limit. */
  readonly budgetDay: number | null;
}

/** A range: the ten thousand numbers that differ in their last four digits. */
export function rangeOf(phoneE164: string): string {
  return phoneE164.slice(0, -4);
}

/** A range that took this many codes in an hour, and returned fewer than a tenth of them, is closed for an hour. */
export const rangeTextsMax = 20;
export const rangeWindowMs = hourMs;
export const rangeClosedMs = hourMs;
/** Texts of a range are counted in slots of this length. A count covers the last hour, and at most one slot more. */
export const rangeSlotMs = 5 * minuteMs;

export interface RangeCounts {
  readonly texts: number;
  /** Codes that came back. */
  readonly returned: number;
}

/** Whether the counts of the last hour look like a range that is pumped: texts are ordered, and their codes not used. */
export function isPumped({ texts, returned }: RangeCounts): boolean {
  return texts >= rangeTextsMax && returned * 10 < texts;
}

/** From this part of the budget on, the operator is told: four fifths, rounded up. */
export function nearBudget(budget: number): number {
  return budget - Math.floor(budget / 5);
}

/** What is counted of texts in a day: texts that were queued, or texts that were not sent, by the reason. */
export type SmsOutcome = 'sent' | Diversion;

/** Spending, and the counts of ranges, of one organization. Ranges are keyed digests; a day is its first instant (UTC). */
export interface SmsLimitStore {
  /** No other unit decides about texts of the organization until this transaction ends. */
  lock(): Promise<void>;
  /** What was spent on the day, in millionths. */
  findSpent(day: number): Promise<number>;
  addSpent(day: number, cost: number): Promise<void>;
  /** The budget of the day did not suffice for a text. */
  noteExhausted(day: number): Promise<void>;
  /** What was counted of texts on each day from that one on: texts, and what they cost. */
  listCounts(since: number): Promise<readonly (SmsDayCount & { readonly day: number })[]>;
  addCount(day: number, count: { outcome: SmsOutcome; country: string; cost: number }): Promise<void>;
  /** Until when the range is closed; null for one that is open. */
  findClosing(range: string, now: number): Promise<number | null>;
  /** Opens a closed range. False for one that was not closed. */
  open(range: string): Promise<boolean>;
  /** The counts of the slots from `since` on. */
  countRange(range: string, since: number): Promise<RangeCounts>;
  addToRange(range: string, slot: number, counts: RangeCounts): Promise<void>;
  /** Closes the range until the instant, and forgets its counts. */
  close(range: string, closing: { readonly country: string; readonly until: number }): Promise<void>;
}

/** How far the day's budget of an organization is spent. */
export type BudgetState = 'near' | 'spent';

/** What the operator is told of, across organizations. */
export interface SmsLimitQueue {
  /** The budgets from `since` on that have reached a further state: each is returned once. */
  claimBudgets(since: number, near: number): Promise<readonly BudgetNotice[]>;
  /** The ranges that are closed until `since` or later, and were not yet told: each closing is returned once. */
  claimClosings(since: number): Promise<readonly ClosingNotice[]>;
  /** The counts of a day by outcome and country, over all organizations. */
  sumCounts(day: number): Promise<readonly SmsDayCount[]>;
  /** What each organization has spent on the day. */
  listSpent(day: number): Promise<readonly { readonly orgKey: OrgKey; readonly spent: number }[]>;
  /** How many organizations have reached each state of their budget on the day. */
  countBudgets(day: number, near: number): Promise<Readonly<Record<BudgetState, number>>>;
  /** How many ranges are closed now, by country. */
  countClosed(now: number): Promise<readonly { readonly country: string; readonly count: number }[]>;
}

export interface BudgetNotice {
  readonly orgKey: OrgKey;
  readonly state: BudgetState;
  readonly spent: number;
}

export interface ClosingNotice {
  readonly orgKey: OrgKey;
  /** A keyed digest. */
  readonly range: string;
  readonly country: string;
  readonly until: number;
}

export interface SmsDayCount {
  readonly outcome: SmsOutcome;
  /** Empty where the number has no country. */
  readonly country: string;
  readonly texts: number;
  /** In millionths. */
  readonly spent: number;
}
