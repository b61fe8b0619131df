/** How the states of an erasure look. */
import type { ErasureStateName } from '../../../src/contracts/console/shapes/erasures.ts';

export const tones = { running: 'calm', overdue: 'bad', complete: 'good' } as const satisfies Record<
  ErasureStateName,
  string
>;
