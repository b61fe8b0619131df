/**
 * Decides how many rows a batch has: as many as one short transaction can write. Another process that wants to write
 * waits while a batch is written, so batches must be short; few batches cost less than many.
 */

/** The target for the working time of a transaction. Other writers get their turn between two batches. */
const batchMs = 50;
const rowsMin = 500;
const rowsMax = 4_000;

export class BatchSize {
  rows = 500;

  /** Adapts to the working time of a batch of `rows`, without the waits for the disk, which do not depend on the rows. */
  learn(rows: number, workedMs: number): void {
    const fitting = (rows * batchMs) / Math.max(1, workedMs);
    // Halved or doubled at most, so that one slow disk access does not decide.
    const next = Math.min(this.rows * 2, Math.max(this.rows / 2, fitting));
    this.rows = Math.round(Math.min(rowsMax, Math.max(rowsMin, next)));
  }
}
