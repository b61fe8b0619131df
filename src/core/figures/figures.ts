/**
 * The figures of an organization: how many users there are, what happened on each of the last days (UTC), and what needs a person.
 * Nothing is counted while a request is served: totals come from the count trees, the days from the audit log, and refusals from
 * totals that a job writes (decision 0036).
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { type UserStatus, userStatuses } from '../directory/user.ts';
import type { ErasureCounts } from '../erasure/erasure.ts';
import { type FieldFault, refuseFaults } from '../errors.ts';
import { messageRetentionMs } from '../messaging/message.ts';
import type { FailedMessages } from '../messaging/message-queue.ts';
import type { SmsDayCount } from '../messaging/sms-rules.ts';
import { dayMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { type DayTotal, dayAt } from './day-totals.ts';

/** How many days the figures show at most. */
export const figureDaysMax = 90;
export const figureDaysDefault = 30;

/** What happened on each day, by its number of events. */
export const dailyEvents = {
  created: 'user.created',
  confirmed: 'user.confirmed',
  connected: 'connection.connected',
  deleted: 'user.deleted',
} as const;
export type DailyEvent = keyof typeof dailyEvents;

export interface Figures {
  /** The first instant of the first day. */
  readonly firstDay: number;
  readonly days: number;
  readonly users: Readonly<Record<UserStatus | 'total', number>>;
  /** A number for each day, from the first one on. */
  readonly events: Readonly<Record<DailyEvent, readonly number[]>>;
  readonly erasures: ErasureCounts;
  /** Messages that were given up, in the last 30 days at most. */
  readonly failed: readonly FailedMessages[];
  /** Texts that were queued or not sent, and what they cost, in the last 30 days at most. */
  readonly texts: readonly (SmsDayCount & { readonly day: number })[];
  /** What the organization's callers were refused. */
  readonly refused: readonly DayTotal[];
  /** Requests that the whole deployment refused unread. */
  readonly shed: readonly DayTotal[];
  /** Since when messages and spending are known. */
  readonly messagesSince: number;
}

/** The figures of the last `days` days, the present one included. Refuses with `forbidden` and `invalid_fields`. */
export async function readFigures(
  core: Core,
  principal: Principal,
  { days }: { readonly days: number },
): Promise<Figures> {
  authorize(principal, 'console.overview.read');
  const isInRange = Number.isInteger(days) && days >= 1 && days <= figureDaysMax;
  const fault: FieldFault = { field: 'days', fault: 'out_of_range', min: 1, max: figureDaysMax };
  refuseFaults(isInRange ? [] : [fault]);
  const firstDay = dayAt(core.clock.now()) - (days - 1) * dayMs;
  const { orgKey } = principal;
  const [own, shed] = await Promise.all([
    core.work.read(
      orgKey,
      async (tx) => ({
        users: await countUsers(tx),
        events: await countEvents(tx, firstDay, days),
        erasures: await tx.erasures.count(null),
        failed: await tx.messages.countFailed(firstDay),
        texts: await tx.smsLimits.listCounts(firstDay),
        refused: await tx.dayTotals.listSince(firstDay),
      }),
      { mayBeLate: true },
    ),
    core.work.readSystem('operator', (tx) => tx.dayTotals.listSince(firstDay)),
  ]);
  const messagesSince = Math.max(firstDay, core.clock.now() - messageRetentionMs);
  return { firstDay, days, ...own, shed, messagesSince };
}

async function countUsers(tx: Tx): Promise<Figures['users']> {
  const counts: Record<UserStatus | 'total', number> = { total: 0, pending: 0, active: 0, inactive: 0 };
  for (const status of userStatuses) {
    counts[status] = (await tx.users.page({ status }, 0, 0)).total;
    counts.total += counts[status];
  }
  return counts;
}

async function countEvents(tx: Tx, firstDay: number, days: number): Promise<Figures['events']> {
  const [created, confirmed, connected, deleted] = await Promise.all([
    tx.audit.countByDay(dailyEvents.created, firstDay, days),
    tx.audit.countByDay(dailyEvents.confirmed, firstDay, days),
    tx.audit.countByDay(dailyEvents.connected, firstDay, days),
    tx.audit.countByDay(dailyEvents.deleted, firstDay, days),
  ]);
  return { created, confirmed, connected, deleted };
}
