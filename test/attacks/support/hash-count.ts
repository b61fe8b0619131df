/** Counts the passwords that a server hashes or verifies. */
import type { Roster } from '../../support/server/start.ts';

export interface HashCount {
  /** The hashes since the last call. */
  taken(): number;
}

/** From the call on, counts the work that operations ask of the hasher. */
export function countHashes({ core }: Pick<Roster, 'core'>): HashCount {
  const { hash, verify } = core.hasher;
  let count = 0;
  let before = 0;
  Object.assign(core.hasher, {
    hash: (...words: Parameters<typeof hash>) => {
      count += 1;
      return hash(...words);
    },
    verify: (...words: Parameters<typeof verify>) => {
      count += 1;
      return verify(...words);
    },
  });
  return {
    taken() {
      const since = count - before;
      before = count;
      return since;
    },
  };
}
