/**
 * The thread that copies the log into the file (see `checkpoint.ts`). Each `copy` is one pass, answered with
 * the pages that are left, or null where nothing could be copied; any other message ends it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { logLeft } from './log.ts';

const db = new Sqlite(workerData);
db.pragma('synchronous = FULL');
db.pragma('wal_autocheckpoint = 0');
parentPort?.on('message', (message) => {
  if (message === 'copy') {
    parentPort?.postMessage(copy());
    return;
  }
  db.close();
  parentPort?.close();
});

/** A disk that is full or fails is told by those who write. */
function copy(): number | null {
  try {
    return logLeft(db, 'passive');
  } catch {
    return null;
  }
}
