/**
 * The thread that empties the write-ahead log, scans the file and wipes it (see `scanner.ts`). Each request is answered
 * with one message. Its database connection never changes a row, so its cache never has a page that is written back.
 * While it holds the file it is in a read transaction that began when the log was empty: SQLite then copies
 * nothing into the file, and all pages are of one moment.
 */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import { openBeside } from '../open-beside.ts';
import { PageFile } from './page-file.ts';
import { type FoundRemains, scan } from './scan.ts';
import type { LeftRemains, ScannerParts, ScannerRequest } from './scanner.ts';
import { TextIndex } from './text-index.ts';
import { dropCaches, wipe } from './wipe.ts';

/** The log grows during a scan and may not fill the disk. */
const logBytesMax = 1024 * 1024 * 1024;
/** Pages that are wiped before others may write. */
const wipedAtOnce = 1_000;

const { descriptor, ...files }: ScannerParts = workerData;
const db = openBeside(files, { timeout: 0 });
db.pragma('wal_autocheckpoint = 0');

/** What the last scan found and is not wiped yet. */
let left: { readonly inner: FoundRemains['inner']; readonly pages: number[] } | null = null;

parentPort?.on('message', (request: ScannerRequest) => {
  if (request.kind === 'end') {
    db.close();
    parentPort?.close();
  } else {
    parentPort?.postMessage(answer(request));
  }
});

type Answer = boolean | number | LeftRemains | null;

function answer(request: Exclude<ScannerRequest, { kind: 'end' }>): Answer {
  switch (request.kind) {
    case 'drop caches':
      return unlessRefused(() => {
        waiting(request.waitMs, () => dropCaches(db));
        return true;
      }, null);
    case 'truncate':
      return unlessRefused(() => truncate(request.waitMs), false) || null;
    case 'hold':
      return unlessRefused(() => truncate(request.waitMs) && hold(), false);
    case 'scan':
      return scanFor(request.traces);
    case 'wipe':
      return unlessRefused(() => (truncate(request.waitMs) ? wipeSome() : null), null);
    case 'release':
      if (db.inTransaction) db.exec('commit');
      return true;
  }
}

/** A taken lock is temporary; the writing connections report a full or failing disk. */
function unlessRefused<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) return otherwise;
    throw error;
  }
}

/** Whether the log is empty, at that moment. */
function truncate(waitMs: number): boolean {
  const [row] = waiting(waitMs, () => db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[]);
  return row?.busy === 0;
}

/** Has SQLite wait so long for the locks that the work needs. */
function waiting<T>(waitMs: number, work: () => T): T {
  db.pragma(`busy_timeout = ${waitMs}`);
  try {
    return work();
  } finally {
    db.pragma('busy_timeout = 0');
  }
}

/** Begins to read; whether the file alone is the database then. */
function hold(): boolean {
  db.exec('begin');
  db.prepare('select 1 from sqlite_schema').get();
  return logBytes() === 0;
}

/** Null when the log grew past its limit during the scan. */
function scanFor(texts: ReadonlySet<string>): LeftRemains | null {
  const traces = new TextIndex(texts);
  const found = scan(db, new PageFile(descriptor), { traces, mayGoOn: () => logBytes() <= logBytesMax });
  if (found === null) return null;
  left = { inner: found.inner, pages: [...found.pages] };
  return { traces: found.traces, hasPages: found.pages.size > 0 };
}

/** How many pages are left to be wiped; null where none could be. */
function wipeSome(): number | null {
  if (left === null) throw new Error('wiping comes after a scan');
  const { inner } = left;
  const pages = new Set(left.pages.slice(-wipedAtOnce));
  const parts = { db, file: new PageFile(descriptor), logBytes };
  if (!wipe(parts, { pages, inner })) return null;
  left.pages.length -= pages.size;
  return left.pages.length;
}

function logBytes(): number {
  return statSync(`${files.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
