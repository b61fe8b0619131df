/**
 * The thread that notices that the event loop of a test process stands still; see `watchdog.ts`. It counts its own seconds, of
 * which a busy machine gives it fewer.
 */
import { writeSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';

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

const blockedSecondsMax = limitSeconds(20);

if (!isMainThread) {
  const { beats, name, file }: WatchedProcess = workerData;
  let beat = -1;
  for (let seconds = 0; seconds < blockedSecondsMax; seconds += 1) {
    const present = Atomics.load(beats, 0);
    if (present !== beat) seconds = 0;
    beat = present;
    Atomics.wait(beats, 0, beat, 1_000);
  }
  const text = Buffer.from(name).toString('utf8').replace(/\0.*$/s, '');
  writeSync(
    2,
    `${file} hangs in "${text}": its event loop has been blocked for ${blockedSecondsMax} seconds\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}
