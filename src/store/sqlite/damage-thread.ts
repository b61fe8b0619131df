/** The thread that looks for damaged pages, once, and sends what it has found. */
import { parentPort, workerData } from 'node:worker_threads';
import type { OpenFiles } from './file-names.ts';
import { findDamage } from './integrity.ts';
import { openBeside } from './open-beside.ts';

/** What the thread gets. */
export interface DamageTask extends OpenFiles {
  /** The descriptor of the file in this process (`remains/page-file.ts`). */
  readonly descriptor: number;
}

const { descriptor, ...files }: DamageTask = workerData;
const db = openBeside(files, { readonly: true });
try {
  parentPort?.postMessage(findDamage(db, descriptor));
} finally {
  db.close();
}
