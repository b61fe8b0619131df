/**
 * Brings the search blocks of all organizations up to date: builds blocks of new users, settles changed ones, joins small
 * blocks. Each step is a transaction of bounded size. Several processes may do it at the same time; then one of them does
 * each step, and the others find it done.
 */
import type { Core } from '../core.ts';
import type { OrgKey } from '../ids.ts';
import { minuteMs } from '../time.ts';
import type { SearchWork } from './user-search-store.ts';

/** Organizations in one pass. */
const surveyMax = 200;
/** From so many changed users on they are settled: those of one block share its leaves. */
const settledFrom = 512;
/** Changed users of a pass, and of a transaction: many changes lose a small part of a processor to it, and are settled after them. */
const settledMax = 128;
const settledAtOnce = 64;
/** Fewer changed users wait for others so long: a search compares them one by one. */
const settleMs = minuteMs;
/** A block cannot be due where fewer users are newer than the last one. */
const blockUsersMin = 2_048;

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
  /** The number that the newest user of an organization must have before a block can be due. */
  readonly #dueAt = new Map<OrgKey, number>();
  /** The last organization of the last pass; 0 after the last of all. */
  #after: OrgKey = 0;

  /** When an organization with few changed users was seen first. */
  readonly #changedAt = new Map<OrgKey, number>();

  constructor({ work, clock }: Pick<Core, 'work' | 'clock'>) {
    this.#work = work;
    this.#clock = clock;
  }

  /** Does a step of each kind for the next organizations. Returns whether some have more to do immediately. */
  async advance(onAdvance: (progress: SearchProgress) => void = () => {}): Promise<boolean> {
    const surveyed = await this.#work.readSystem('job', (tx) =>
      tx.userSearch.survey(this.#after, surveyMax, settledFrom),
    );
    let hasMore = false;
    for (const each of surveyed) {
      if (!(await this.#advance(each))) continue;
      hasMore = true;
      onAdvance({ orgKey: each.orgKey, share: each.sealed / each.newest });
    }
    const last = surveyed.length < surveyMax ? undefined : surveyed.at(-1);
    if (!hasMore) this.#after = last?.orgKey ?? 0;
    return hasMore;
  }

  /** Does everything that is due in all organizations. */
  async complete(onAdvance?: (progress: SearchProgress) => void): Promise<void> {
    while ((await this.advance(onAdvance)) || this.#after !== 0);
  }

  /** Returns whether the organization may have more to do immediately. */
  async #advance(each: SearchWork): Promise<boolean> {
    const { orgKey, newest, sealed } = each;
    await this.#settle(each);
    if (newest < (this.#dueAt.get(orgKey) ?? sealed + blockUsersMin)) return false;
    const missing = await this.#work.change(orgKey, (tx) => tx.userSearch.seal());
    if (missing > 0) this.#dueAt.set(orgKey, newest + missing);
    else this.#dueAt.delete(orgKey);
    if (missing === 0) await this.#mergeSome(orgKey);
    return missing === 0;
  }

  async #settle({ orgKey, changes }: SearchWork): Promise<void> {
    const now = this.#clock.now();
    const since = this.#changedAt.get(orgKey) ?? now;
    this.#changedAt.set(orgKey, since);
    const isDue = changes >= settledFrom || (changes > 0 && now - since >= settleMs);
    if (changes === 0 || isDue) this.#changedAt.delete(orgKey);
    if (!isDue) return;
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
