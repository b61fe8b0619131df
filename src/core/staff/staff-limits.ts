/** How much one staff account may do in an hour, from the settings. `staff-budget.ts` counts. */
import type { Quota } from '../access/throttle.ts';
import { hourMs } from '../time.ts';

export interface StaffLimits {
  /** Looks at masked fields without a fresh factor. */
  readonly looks: Quota;
  /** Further looks, each with a fresh factor. */
  readonly freshLooks: Quota;
  /** Plans of acts on many people. */
  readonly bulkPlans: Quota;
}

/** With a fresh factor, an account looks so many times as often in all. */
const freshLooksFactor = 5;

/** The limits, from the numbers of an hour. */
export function staffLimits(perHour: { readonly looks: number; readonly bulkPlans: number }): StaffLimits {
  const windowMs = hourMs;
  return {
    looks: { limit: perHour.looks, windowMs },
    freshLooks: { limit: perHour.looks * (freshLooksFactor - 1), windowMs },
    bulkPlans: { limit: perHour.bulkPlans, windowMs },
  };
}
