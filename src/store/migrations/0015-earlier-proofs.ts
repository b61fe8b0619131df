/** Addresses that were proved before Roster stored it. */
import type { Migration } from '../migrate.ts';
import { fillEarlierProofs } from './earlier-proofs.ts';

const version = 15;

export const earlierProofs: Migration = {
  version,
  name: 'earlier-proofs',
  prepare: (target) => fillEarlierProofs(target, { version, now: Date.now() }),
  statements: () => [],
};
