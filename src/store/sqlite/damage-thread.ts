/** The thread that looks for damaged pages, once, and sends what it has found. */
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { findDamage } from './integrity.ts';

/** What the thread gets. */
export interface DamageTask {
  readonly file: string;
  /** The descriptor of the file in this process (`remains/page-file.ts`). */
  readonly descriptor: number;
}

const { file, descriptor }: DamageTask = workerData;
const db = new Sqlite(file, { readonly: true });
try {
  parentPort?.postMessage(findDamage(db, descriptor));
} finally {
  db.close();
}
