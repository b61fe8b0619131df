/**
 * Brings the search blocks of all organizations up to date: builds blocks of new users, settles changed ones, joins small
 * blocks. Each step is a transaction of bounded size. Several processes may do it at the same time; then one of them does
 * each step, and the others find it done.
 *
 * A pass looks at organizations that are marked, because they have many new users, and at those that have changed users. A
 * mark may be lost with a process, so it also looks at every organization: at a part of them in each pass after the start,
 * then once a minute. Its cost does not grow with their number.
 */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { endOfPart, OrganizationRounds, organizationPartMax } from '../organization-rounds.ts';
import { minuteMs } from '../time.ts';
import type { ChangedUsers } from './user-search-store.ts';

/** From so many changed users on they are settled: those of one block share its leaves. */
const settledFrom = 512;
/** Changed users that a pass counts. */
const changesMax = 8 * settledFrom;
/** Changed users of a pass, and of a transaction: many changes lose a small part of a processor to it, and are settled after them. */
const settledMax = 128;
const settledAtOnce = 64;
/** Fewer changed users wait for others so long: a search compares them one by one. */
const settleMs = minuteMs;

/** How far the blocks of an organization are. */
export interface SearchProgress {
  readonly orgKey: OrgKey;
  /** The share of its users, from 0 to 1, who are in a block. */
  readonly share: number;
}

/** Brings the blocks up to date, a pass over some organizations at a time. */
export class SearchIndexer {
  readonly #work: Core['work'];
  readonly #clock: Core['clock'];
  readonly #rounds: OrganizationRounds;
  /** The last organization whose changed users were counted; 0 after the last of all. */
  #changesAfter: OrgKey = 0;
  /** When an organization with few changed users was seen first. */
  readonly #changedAt = new Map<OrgKey, number>();

  constructor({ work, clock }: Pick<Core, 'work' | 'clock'>) {
    this.#work = work;
    this.#clock = clock;
    this.#rounds = new OrganizationRounds(clock);
  }

  /** Does a step of each kind for some organizations. Returns whether some have more to do immediately. */
  async advance(): Promise<boolean> {
    const { marked, changed } = await this.#work.readSystem('job', async (tx) => ({
      marked: await tx.userSearch.listMarked(organizationPartMax),
      changed: await tx.userSearch.listChanged(this.#changesAfter, changesMax),
    }));
    let hasMore = false;
    for (const orgKey of marked) if (await this.#seal(orgKey)) hasMore = true;
    await this.#settleAll(changed);
    return (await this.#markPart()) || hasMore;
  }

  /** Builds every block that is due, and joins blocks: of one organization, or of all with null. */
  async complete(
    only: OrgKey | null,
    onAdvance: (progress: SearchProgress) => void = () => {},
  ): Promise<void> {
    for (let after: OrgKey = only === null ? 0 : only - 1; ; ) {
      const from = after;
      const part = await this.#work.readSystem('job', (tx) =>
        tx.userSearch.survey(from, only === null ? organizationPartMax : 1),
      );
      let hasMore = false;
      for (const each of part) {
        if (!each.isDue || (only !== null && each.orgKey !== only)) continue;
        if (!(await this.#seal(each.orgKey))) continue;
        hasMore = true;
        onAdvance({ orgKey: each.orgKey, share: each.sealed / each.newest });
      }
      if (hasMore) continue;
      after = endOfPart(part);
      if (only !== null || after === 0) return;
    }
  }

  /** Marks the organizations of the next part for which a block is due. Returns whether there are any. */
  async #markPart(): Promise<boolean> {
    let hasDue = false;
    await this.#rounds.advance(async (after) => {
      const part = await this.#work.readSystem('job', (tx) =>
        tx.userSearch.survey(after, organizationPartMax),
      );
      for (const { orgKey, isDue } of part) {
        if (!isDue) continue;
        await this.#work.change(orgKey, (tx) => tx.userSearch.mark());
        hasDue = true;
      }
      return endOfPart(part);
    });
    return hasDue;
  }

  /** Builds the next block of the organization, if it is due. Returns whether there may be more to do immediately. */
  async #seal(orgKey: OrgKey): Promise<boolean> {
    const missing = await this.#work.change(orgKey, (tx) => tx.userSearch.seal());
    if (missing === 0) await this.#mergeSome(orgKey);
    return missing === 0;
  }

  async #settleAll(changed: readonly ChangedUsers[]): Promise<void> {
    const counted = changed.reduce((sum, { changes }) => sum + changes, 0);
    const isWhole = counted < changesMax;
    if (isWhole && this.#changesAfter === 0) {
      const present = new Set(changed.map(({ orgKey }) => orgKey));
      for (const orgKey of this.#changedAt.keys()) if (!present.has(orgKey)) this.#changedAt.delete(orgKey);
    }
    this.#changesAfter = isWhole ? 0 : (changed.at(-1)?.orgKey ?? 0);
    for (const each of changed) await this.#settle(each);
  }

  async #settle({ orgKey, changes }: ChangedUsers): Promise<void> {
    const now = this.#clock.now();
    const since = this.#changedAt.get(orgKey) ?? now;
    this.#changedAt.set(orgKey, since);
    if (changes < settledFrom && now - since < settleMs) return;
    this.#changedAt.delete(orgKey);
    for (let left = settledMax; left > 0; left -= settledAtOnce) {
      const settled = await this.#work.change(orgKey, (tx) => tx.userSearch.settle(settledAtOnce));
      if (settled < settledAtOnce) return;
    }
  }

  async #mergeSome(orgKey: OrgKey): Promise<void> {
    const plan = await this.#work.read(orgKey, (tx) => tx.userSearch.planMerge());
    if (plan !== null) await this.#work.change(orgKey, (tx) => tx.userSearch.merge(plan));
  }
}
