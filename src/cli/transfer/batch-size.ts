/**
 * How many rows to take at once: as many as are done in a short time, for another process that wants to write waits
 * as long as a batch is written, and few batches cost less than many.
 */

/** Of this most is the transaction; the reading of the next rows leaves the others their turn. */
const batchMs = 60;
const rowsMin = 250;
const rowsMax = 4_000;

export class BatchSize {
  rows = 500;

  /** Learns from a batch of `rows` that took so long. */
  learn(rows: number, elapsedMs: number): void {
    const fitting = (rows * batchMs) / Math.max(1, elapsedMs);
    // Halved or doubled at most, so that one slow disk access does not decide.
    const next = Math.min(this.rows * 2, Math.max(this.rows / 2, fitting));
    this.rows = Math.round(Math.min(rowsMax, Math.max(rowsMin, next)));
  }
}
