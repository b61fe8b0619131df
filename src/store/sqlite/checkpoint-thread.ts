/**
 * The thread that copies the write-ahead log into the file (see `checkpoint.ts`). Each `copy` is one pass. The
 * thread answers with the number of pages that are left, or null where it could not copy. Any other message ends
 * it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { logLeft } from './log.ts';
import { openBeside } from './open-beside.ts';

const db = openBeside(workerData);
db.pragma('wal_autocheckpoint = 0');
parentPort?.on('message', (message) => {
  if (message === 'copy') {
    parentPort?.postMessage(copy());
    return;
  }
  db.close();
  parentPort?.close();
});

/** The connections that write report a full or failing disk. */
function copy(): number | null {
  try {
    return logLeft(db, 'passive');
  } catch {
    return null;
  }
}
