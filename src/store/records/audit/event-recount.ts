/** Counts the archived events of lists one by one, and compares the result with the trees that give totals and pages. */
import type { OrgKey } from '../../../core/ids.ts';
import { compareCounts } from '../../counts/user-recount.ts';
import type { Executor } from '../../sql/executor.ts';
import { CountedEvents, EventCountNodes, filterOf } from './counted-events.ts';
import { listsOf } from './event-archive.ts';

/** The selectors of the lists whose trees are wrong, in one snapshot. Reads every archived event once for each list. */
export async function findWrongLists(view: Executor, orgKey: OrgKey): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { selector, end } of await listsOf(view, orgKey)) {
    const nodes = new EventCountNodes(view, orgKey, selector);
    const events = new CountedEvents(view, { orgKey, filter: filterOf(selector), end });
    if ((await compareCounts(nodes, events)).faults > 0) wrong.push(selector);
  }
  return wrong;
}
