/**
 * The thread that notices that the event loop of a test process stands still; see `watchdog.ts`. It counts its own seconds, of
 * which a busy machine gives it fewer.
 */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { limitSeconds, type WatchedProcess } from './watched-process.ts';

const blockedSecondsMax = limitSeconds(20);

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
