/** A change of the numbers in a tree, and how fine the counts are. */
import type { UserStatus } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { SortKey } from './count-node.ts';

/** How fine the counts are. */
export interface CountShape {
  /** A range with more rows is split. */
  readonly rangeMax: number;
  /** A node with more entries is split. */
  readonly fanout: number;
}

/** Chosen by measurement: finer ranges cost more nodes, coarser ranges more rows to skip. A node fits a database page. */
export const defaultCountShape: CountShape = { rangeMax: 64, fanout: 120 };

/** One row more or less with a status, at a position in the order. */
export interface CountChange {
  readonly at: SortKey;
  readonly status: UserStatus;
  readonly delta: 1 | -1;
}

/** The same for a user of an organization. */
export interface UserCountChange extends CountChange {
  readonly orgKey: OrgKey;
}
