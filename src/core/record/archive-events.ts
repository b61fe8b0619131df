/**
 * Moves audit events from where changes write them to where lists find them. The newest stay: lists read so few of them one by
 * one. A pass moves a part of the rest, so that a burst of changes is spread over the seconds after it.
 */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import type { ArchiveWork } from './audit-event.ts';

/** Organizations in one pass. */
const surveyMax = 200;
/** So many of the newest events of an organization stay. */
const recentMax = 500;
/** A pass moves one of so many events that are due, but at least and at most so many. */
const share = 4;
const moveMin = 1_000;
const moveMax = 20_000;
/** Events in one transaction, and in one where they are only counted. */
const moveBatch = 500;
const countBatch = 2_000;
/** How many transactions of a pass count long lists. */
const countPassMax = 20;

/** Does the work of the organizations after the given one. Returns the last of them; 0 after the last of all. */
export async function archiveEvents({ work }: Pick<Core, 'work'>, after: OrgKey): Promise<OrgKey> {
  const surveyed = await work.readSystem('job', (tx) => tx.audit.survey(after, surveyMax));
  for (const each of surveyed) {
    if (each.recent > recentMax) await archiveOf({ work }, each);
    if (each.uncounted > 0) await countListsOf({ work }, each.orgKey);
  }
  const last = surveyed.length < surveyMax ? undefined : surveyed.at(-1);
  return last?.orgKey ?? 0;
}

async function archiveOf({ work }: Pick<Core, 'work'>, { orgKey, recent }: ArchiveWork): Promise<void> {
  const due = recent - recentMax;
  let left = Math.min(due, moveMax, Math.max(moveMin, Math.ceil(due / share)));
  while (left > 0) {
    const limit = Math.min(left, moveBatch);
    const moved = await work.change(orgKey, (tx) => tx.audit.archive(limit));
    left = moved < limit ? 0 : left - moved;
  }
}

async function countListsOf({ work }: Pick<Core, 'work'>, orgKey: OrgKey): Promise<void> {
  for (let part = 0; part < countPassMax; part++) {
    if (!(await work.change(orgKey, (tx) => tx.audit.countMore(countBatch)))) return;
  }
}
