/**
 * Decides how many rows a batch has: as many as one short transaction can write. Other writers wait for it, so batches
 * must be short; few batches cost less than many.
 */

/**
 * The target for the working time of a transaction, in milliseconds. In a file every other writer waits for the whole of it,
 * and gets its turn between two batches. A server makes others wait only for the same keys, and for the counts of the
 * organization, which are locked after that time.
 */
export const batchMs = { file: 50, server: 400 } as const;
const rowsMin = 500;
const rowsMax = 4_000;

export class BatchSize {
  readonly #batchMs: number;
  rows = rowsMin;

  constructor(target: number) {
    this.#batchMs = target;
  }

  /** Adapts to the working time of a batch of `rows`, without the waits for the disk, which do not depend on the rows. */
  learn(rows: number, workedMs: number): void {
    const fitting = (rows * this.#batchMs) / Math.max(1, workedMs);
    // Halved or doubled at most, so that one slow disk access does not decide.
    const next = Math.min(this.rows * 2, Math.max(this.rows / 2, fitting));
    this.rows = Math.round(Math.min(rowsMax, Math.max(rowsMin, next)));
  }
}
