/** What the two threads of the watchdog share; see `watchdog.ts`. A thread of a test loads this too, so it does nothing. */

/** The memory that both threads see. */
export interface WatchedProcess {
  /** Grows while the event loop runs. */
  readonly beats: Int32Array;
  /** The name of the test that runs, as UTF-8. */
  readonly name: Uint8Array;
  readonly file: string;
}

export const nameBytesMax = 1_024;

/** The test of the watchdog has shorter limits, in seconds. */
export const limitSeconds = (usual: number): number =>
  Number(process.env['ROSTER_TEST_HANG_SECONDS'] ?? usual);
