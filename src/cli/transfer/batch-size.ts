/**
 * How many rows to take at once: as many as are done in a short time, for another process that wants to write waits
 * as long as a batch is written, and few batches cost less than many.
 */

/** How long a transaction works; the reading of the next rows leaves the others their turn. */
const batchMs = 50;
const rowsMin = 500;
const rowsMax = 4_000;

export class BatchSize {
  rows = 500;

  /** Learns from a batch of `rows` that was worked on so long; what the disk takes is no matter of the rows. */
  learn(rows: number, workedMs: number): void {
    const fitting = (rows * batchMs) / Math.max(1, workedMs);
    // Halved or doubled at most, so that one slow disk access does not decide.
    const next = Math.min(this.rows * 2, Math.max(this.rows / 2, fitting));
    this.rows = Math.round(Math.min(rowsMax, Math.max(rowsMin, next)));
  }
}
