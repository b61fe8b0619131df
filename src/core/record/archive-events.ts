/**
 * Moves audit events from where changes write them to where lists find them. The newest stay: lists read so few of them one by
 * one. A pass moves a part of the rest, so that a burst of changes is spread over the seconds after it.
 *
 * A pass looks at organizations that are marked, because they have many new events, and at those with a list to count. A
 * mark may be lost with a process, so it also looks at a part of all organizations: in each pass after the start, then once a
 * minute. Its cost does not grow with their number.
 */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { endOfPart, OrganizationRounds, organizationPartMax } from '../organization-rounds.ts';

/** So many of the newest events of an organization stay. */
const recentMax = 500;
/** A pass moves one of so many events that are due, but at least and at most so many. */
const share = 4;
const moveMin = 1_000;
const moveMax = 20_000;
/** Events that are counted: from there on a pass moves no more. */
const countedMax = recentMax + share * moveMax;
/** Events in one transaction, and in one where they are only counted. */
const moveBatch = 500;
const countBatch = 2_000;
/** How many transactions of a pass count long lists. */
const countPassMax = 20;

/** Archives events, a pass over some organizations at a time. */
export class EventArchiver {
  readonly #work: Core['work'];
  readonly #rounds: OrganizationRounds;

  constructor({ work, clock }: Pick<Core, 'work' | 'clock'>) {
    this.#work = work;
    this.#rounds = new OrganizationRounds(clock);
  }

  async advance(): Promise<void> {
    const { marked, uncounted } = await this.#work.readSystem('job', async (tx) => ({
      marked: await tx.audit.listMarked(organizationPartMax),
      uncounted: await tx.audit.listUncounted(organizationPartMax),
    }));
    for (const orgKey of marked) await this.#archiveMarked(orgKey);
    for (const orgKey of uncounted) await countLists(this.#work, orgKey);
    await this.#rounds.advance((after) => archiveEvents({ work: this.#work }, after));
  }

  /** What is left keeps the mark. */
  async #archiveMarked(orgKey: OrgKey): Promise<void> {
    const recent = await this.#work.read(orgKey, (tx) => tx.audit.countRecent(countedMax));
    if (recent <= recentMax) await this.#work.change(orgKey, (tx) => tx.audit.unmark());
    else await archiveOf(this.#work, orgKey, recent);
  }
}

/** Does the work of some organizations after the given one. Returns the last of them; 0 after the last of all. */
export async function archiveEvents({ work }: Pick<Core, 'work'>, after: OrgKey): Promise<OrgKey> {
  const surveyed = await work.readSystem('job', (tx) => tx.audit.survey(after, organizationPartMax));
  for (const { orgKey, recent, uncounted } of surveyed) {
    if (recent > recentMax) await archiveOf(work, orgKey, recent);
    if (uncounted > 0) await countLists(work, orgKey);
  }
  return endOfPart(surveyed);
}

async function archiveOf(work: Core['work'], orgKey: OrgKey, recent: number): Promise<void> {
  const due = recent - recentMax;
  let left = Math.min(due, moveMax, Math.max(moveMin, Math.ceil(due / share)));
  while (left > 0) {
    const limit = Math.min(left, moveBatch);
    const moved = await work.change(orgKey, (tx) => tx.audit.archive(limit));
    left = moved < limit ? 0 : left - moved;
  }
}

async function countLists(work: Core['work'], orgKey: OrgKey): Promise<void> {
  for (let part = 0; part < countPassMax; part++) {
    if (!(await work.change(orgKey, (tx) => tx.audit.countMore(countBatch)))) return;
  }
}
