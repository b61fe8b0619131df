/**
 * The cost of the dearest imported password hash of an organization. A check of such a hash takes longer than one of ours,
 * and of a cheap imported one less. So in an organization with imported hashes each wrong password is answered no sooner
 * than the dearest kind would allow, also for an address without an account. Costs only rise: a kind of which no hash is
 * left still counts.
 */
import type { OrgKey } from '../ids.ts';

/** The cost that is assumed until the hashes from before costs were stored have been read. */
const unmeasuredUnits = 16;

export interface HashCost {
  /** In units of one hash of ours. */
  readonly units: number;
  /** False where the organization may have dearer hashes, from before costs were stored. */
  readonly isMeasured: boolean;
}

export interface HashCostStore {
  /** Null for an organization without imported hashes. */
  find(): Promise<HashCost | null>;
  /** Stores a cost where it is higher than the present one. A new row is measured. */
  raise(units: number): Promise<void>;
  /** The hashes from before have been read. */
  noteMeasured(): Promise<void>;
}

/** The organizations whose hashes are from before costs were stored. */
export interface HashCostQueue {
  /** Null where every organization is measured. */
  findUnmeasured(): Promise<OrgKey | null>;
}

/** The units that a check of a wrong password must seem to take; null where all hashes are ours. */
export function leastUnitsOf(cost: HashCost | null): number | null {
  if (cost === null) return null;
  return cost.isMeasured ? cost.units : Math.max(cost.units, unmeasuredUnits);
}
