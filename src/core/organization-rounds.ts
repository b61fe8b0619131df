/**
 * Leads a job through all organizations, a part at a time: in each pass until the first round is over, then once a minute. So its
 * cost does not grow with their number. It is for work that a mark tells of, where the mark may be lost with a process.
 */
import type { Core } from './core.ts';
import type { OrgKey } from './ids.ts';
import { minuteMs } from './time.ts';

/** Organizations in one part. */
export const organizationPartMax = 200;
/** Between two parts once all organizations have been looked at since the start. */
const partPauseMs = minuteMs;

/** The last organization of a part; 0 where it was the last part. */
export function endOfPart(part: readonly { readonly orgKey: OrgKey }[]): OrgKey {
  return part.length < organizationPartMax ? 0 : (part.at(-1)?.orgKey ?? 0);
}

export class OrganizationRounds {
  readonly #clock: Core['clock'];
  /** The last organization of the last part; 0 after the last of all. */
  #after: OrgKey = 0;
  #isFirstRound = true;
  /** When the next part is due, on the clock of the process. */
  #dueAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Core['clock']) {
    this.#clock = clock;
  }

  /**
   * Has the work done for the part after an organization, if it is due. The work returns the `endOfPart`. Where it throws, the same
   * part comes again.
   */
  async advance(work: (after: OrgKey) => Promise<OrgKey>): Promise<void> {
    const now = this.#clock.elapsed();
    if (now < this.#dueAt) return;
    this.#after = await work(this.#after);
    // The first round is quick. After it only the marks of processes that have ended are missing.
    if (this.#after === 0) this.#isFirstRound = false;
    if (!this.#isFirstRound) this.#dueAt = now + partPauseMs;
  }
}
