/** Counts the passwords that a server hashes or verifies. */
import type { Ask, Reply } from './http.ts';
import { callAtOnce } from './parallel.ts';
import type { Roster } from './start.ts';

/** Where more than one request waits for a hash, all go on after so long. */
const heldMsMax = 10_000;

export interface HashCount {
  /** The hashes since the last call. */
  taken(): number;
  /**
   * Sends `count` requests at the same moment, and holds every hash until all requests but one are answered: one that came
   * after the end of the first would rightly be judged anew. Resolves with the answers in order.
   */
  callDuringHash(
    count: number,
    compose: (index: number) => readonly [line: string, ask?: Ask],
  ): Promise<readonly Reply[]>;
}

/** From the call on, counts the work that operations ask of the hasher. */
export function countHashes({ core, client }: Pick<Roster, 'core' | 'client'>): HashCount {
  const { hash, verify } = core.hasher;
  let count = 0;
  let before = 0;
  let held: Promise<void> | undefined;
  Object.assign(core.hasher, {
    hash: async (...words: Parameters<typeof hash>) => {
      count += 1;
      await held;
      return hash(...words);
    },
    verify: async (...words: Parameters<typeof verify>) => {
      count += 1;
      await held;
      return verify(...words);
    },
  });
  return {
    taken() {
      const since = count - before;
      before = count;
      return since;
    },
    async callDuringHash(count, compose) {
      const { promise, resolve: release } = Promise.withResolvers<void>();
      held = promise;
      const late = setTimeout(release, heldMsMax);
      let answered = 0;
      const counting: typeof client = {
        ...client,
        async call(...words) {
          const reply = await client.call(...words);
          answered += 1;
          if (answered === count - 1) release();
          return reply;
        },
      };
      try {
        return await callAtOnce(counting, count, compose);
      } finally {
        clearTimeout(late);
        release();
      }
    },
  };
}
