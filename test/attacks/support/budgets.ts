/** The budgets of messages as a deployment has them by default. The servers of other tests have none. */

import { budgetSettings } from '../../../src/config/budget-settings.ts';
import type { Environment } from '../../../src/config/environment.ts';

/** An empty setting counts as unset. */
export const defaultBudgets: Environment = Object.fromEntries(
  Object.values(budgetSettings).map(({ name }) => [name, '']),
);
