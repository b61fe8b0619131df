/**
 * A process that scans a SQLite file for the texts of its first message and wipes it, as the thread of a server
 * does, and kills itself (`SIGKILL`) at a step. Its arguments are the data folder and the step. It sends a message
 * when the log is empty, and continues with the next message that it gets.
 */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { holdRemains } from '../../src/store/folder/folder-lock.ts';
import { descriptorOf, PageFile } from '../../src/store/sqlite/remains/page-file.ts';
import { scan } from '../../src/store/sqlite/remains/scan.ts';
import { TextIndex } from '../../src/store/sqlite/remains/text-index.ts';
import { wipe } from '../../src/store/sqlite/remains/wipe.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';

/** What it has done before it is killed. */
export type KillStep =
  | 'scanned'
  | 'locked'
  | 'wrote one'
  | 'wrote some'
  | 'wrote all'
  | 'synced'
  | 'committed';

const [dataDir = '', killAt = ''] = process.argv.slice(2);
const path = join(dataDir, databaseFile);

function reach(step: KillStep): void {
  if (step === killAt) process.kill(process.pid, 'SIGKILL');
}

const [texts]: string[][] = await once(process, 'message');
const traces = new TextIndex(texts ?? []);
const lock = holdRemains(dataDir);
if (lock === null) throw new Error('another process removes remains');
const db = new Sqlite(path, { timeout: 10_000 });
const file = new PageFile(descriptorOf(path));
let written = 0;
const mortal = {
  usableBytes: file.usableBytes,
  read(page: number): Buffer {
    reach('locked');
    return file.read(page);
  },
  zero(...range: Parameters<PageFile['zero']>): void {
    file.zero(...range);
    written += 1;
    if (written === 1) reach('wrote one');
    if (written === 100) reach('wrote some');
  },
  sync(): void {
    reach('wrote all');
    file.sync();
    reach('synced');
  },
};

db.pragma('wal_checkpoint(TRUNCATE)');
db.exec('begin');
const found = scan(db, file, { traces, mayGoOn: () => true });
db.exec('commit');
if (found === null) throw new Error('the scan did not end');
db.pragma('wal_checkpoint(TRUNCATE)');
process.send?.(found.pages.size);
await once(process, 'message');
reach('scanned');
const logBytes = (): number => statSync(`${path}-wal`).size;
if (!wipe({ db, file: mortal, logBytes }, found)) throw new Error('the log is not empty');
reach('committed');
throw new Error(`no step is called ${killAt}`);
