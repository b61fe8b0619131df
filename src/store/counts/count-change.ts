/** What the counts are told, and how fine they are. */
import type { UserStatus } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { SortKey } from './count-node.ts';

/** How fine the counts are. */
export interface CountShape {
  /** Most users in a range before it is cut. */
  readonly rangeMax: number;
  /** Most entries of a node before it is cut. */
  readonly fanout: number;
}

/** Chosen by measurement: finer ranges cost more nodes, coarser ones more rows to skip; a node fits a page. */
export const defaultCountShape: CountShape = { rangeMax: 64, fanout: 120 };

/** One user more or less of a status, at a place in the order. */
export interface CountChange {
  readonly orgKey: OrgKey;
  readonly at: SortKey;
  readonly status: UserStatus;
  readonly delta: 1 | -1;
}
