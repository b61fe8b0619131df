/**
 * Totals of what is refused, by day (UTC). The audit log has these counts by actor and subject too, but a flood makes so many of them
 * that no page could add them up. A job writes the totals together with the counts, so no answer waits for them, and a crash loses those
 * of the last seconds.
 */
import type { AuditAction } from '../record/audit-event.ts';
import { dayMs } from '../time.ts';

/** Refusals of an organization: a limit, a missing right, a wrong password. */
export const totalledActions = ['access.throttled', 'access.forbidden', 'session.refused'] as const;
export type TotalledAction = (typeof totalledActions)[number];

/** `shed`: requests to the deployment that were refused unread, because all of them were too many. */
export type DayTotalKind = TotalledAction | 'shed';

/** How long a total stays after its day. */
export const dayTotalLifeMs = 100 * dayMs;

export interface DayTotal {
  /** The first instant of the day. */
  readonly day: number;
  readonly what: DayTotalKind;
  readonly times: number;
}

/** The totals of one organization, or of the deployment. */
export interface DayTotalStore {
  /** Adds to the total of that day. */
  add(total: DayTotal): Promise<void>;
  /** The totals from that day on. */
  listSince(day: number): Promise<readonly DayTotal[]>;
}

/** The day of an instant, by its first instant (UTC). */
export function dayAt(at: number): number {
  return at - (at % dayMs);
}

export function isTotalled(action: AuditAction): action is TotalledAction {
  return totalledActions.some((each) => each === action);
}

/** A step: adds the counts of the audit log to the totals of their days. */
export async function addTotals(
  tx: { readonly dayTotals: DayTotalStore },
  counts: readonly { readonly action: AuditAction; readonly at: number; readonly times: number }[],
): Promise<void> {
  const totals = new Map<string, DayTotal>();
  for (const { action, at, times } of counts) {
    if (!isTotalled(action)) continue;
    const day = dayAt(at);
    const name = `${day} ${action}`;
    totals.set(name, { day, what: action, times: times + (totals.get(name)?.times ?? 0) });
  }
  // All processes write in one order, so that none waits for another in a circle.
  for (const [, total] of [...totals].sort(([left], [right]) => (left < right ? -1 : 1))) {
    await tx.dayTotals.add(total);
  }
}
