/**
 * A node of the count tree as bytes: a run of entries of 32 bytes, in the order of the sort key.
 *
 * The entries are packed, because a reader of a page needs only the numbers of a hundred entries: as rows they would
 * cost a hundred times as much to fetch as to add up. A node fits into one database page.
 *
 * Layout of an entry, little-endian: created_at (float64) and seq (float64), the begin of its range; pending, active
 * and inactive (uint32 each), the numbers of users in the range; child (uint32), the node that divides the range
 * further, or 0. The range of the first entry of a node begins where the range of the node begins. Rows that have no
 * status, such as audit events, are all counted under `soleStatus`.
 */

import type { StatusCounts } from '../../core/deployment/maintenance.ts';
import type { UserStatus } from '../../core/directory/user.ts';

/** A position in the order of rows: creation time, then order of creation. */
export interface SortKey {
  readonly createdAt: number;
  readonly seq: number;
}

export interface CountEntry {
  readonly from: SortKey;
  readonly counts: StatusCounts;
  /** The node below, or 0. */
  readonly child: number;
}

export const entryBytes = 32;

/** The counter of rows that have no status. */
export const soleStatus: UserStatus = 'active';

/** Positions before and after every row. */
export const firstKey: SortKey = { createdAt: Number.MIN_SAFE_INTEGER, seq: 0 };
export const endKey: SortKey = { createdAt: Number.MAX_SAFE_INTEGER, seq: 0 };

const countOffsets: Readonly<Record<UserStatus, number>> = { pending: 16, active: 20, inactive: 24 };
const childOffset = 28;

export function isBefore(left: SortKey, right: SortKey): boolean {
  return left.createdAt < right.createdAt || (left.createdAt === right.createdAt && left.seq < right.seq);
}

/** Reads numbers from a packed node without unpacking it. */
export class PackedNode {
  readonly length: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.length = bytes.byteLength / entryBytes;
  }

  from(at: number): SortKey {
    return {
      createdAt: this.#view.getFloat64(at * entryBytes, true),
      seq: this.#view.getFloat64(at * entryBytes + 8, true),
    };
  }

  /** The number of users with that status in an entry; without a status, of all users. */
  count(at: number, status?: UserStatus): number {
    const base = at * entryBytes;
    if (status !== undefined) return this.#view.getUint32(base + countOffsets[status], true);
    return (
      this.#view.getUint32(base + countOffsets.pending, true) +
      this.#view.getUint32(base + countOffsets.active, true) +
      this.#view.getUint32(base + countOffsets.inactive, true)
    );
  }

  /** The same number for the whole node. */
  total(status?: UserStatus): number {
    let total = 0;
    for (let at = 0; at < this.length; at++) total += this.count(at, status);
    return total;
  }

  child(at: number): number {
    return this.#view.getUint32(at * entryBytes + childOffset, true);
  }
}

export function noCounts(): StatusCounts {
  return { pending: 0, active: 0, inactive: 0 };
}

/** Adds the numbers of `more` to `sum`. */
export function addCounts(sum: StatusCounts, more: Readonly<StatusCounts>): void {
  sum.pending += more.pending;
  sum.active += more.active;
  sum.inactive += more.inactive;
}

export function unpackNode(bytes: Uint8Array): CountEntry[] {
  const node = new PackedNode(bytes);
  return Array.from({ length: node.length }, (_, at) => ({
    from: node.from(at),
    counts: {
      pending: node.count(at, 'pending'),
      active: node.count(at, 'active'),
      inactive: node.count(at, 'inactive'),
    },
    child: node.child(at),
  }));
}

export function packNode(entries: readonly CountEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * entryBytes);
  const view = new DataView(bytes.buffer);
  let base = 0;
  for (const { from, counts, child } of entries) {
    view.setFloat64(base, from.createdAt, true);
    view.setFloat64(base + 8, from.seq, true);
    view.setUint32(base + countOffsets.pending, counts.pending, true);
    view.setUint32(base + countOffsets.active, counts.active, true);
    view.setUint32(base + countOffsets.inactive, counts.inactive, true);
    view.setUint32(base + childOffset, child, true);
    base += entryBytes;
  }
  return bytes;
}
