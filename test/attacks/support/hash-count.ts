/** Counts the passwords that a server hashes or verifies. */
import type { Roster } from '../../support/server/start.ts';

export interface HashCount {
  /** The hashes since the last call. */
  taken(): number;
  /** From the call on, no hash ends before the function that it returns is called. */
  hold(): () => void;
}

/** From the call on, counts the work that operations ask of the hasher. */
export function countHashes({ core }: Pick<Roster, 'core'>): HashCount {
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
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}
