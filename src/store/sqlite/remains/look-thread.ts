/**
 * The thread that empties the log and looks through the pages of the file (see `look.ts`). While it holds the
 * file it reads in a transaction of its own that began when the log was empty: SQLite then copies nothing into the
 * file, and all pages are of one moment. Each question is answered with one message.
 */
import { fstatSync, readSync, statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import type { SoughtTexts } from '../../../core/erasure/residue.ts';
import type { Found, Question } from './look.ts';
import { leftoversIn } from './pages.ts';
import { TextIndex } from './text-index.ts';

const file: string = workerData;
const readPages = 256;
/** What has to be kept in the log meanwhile may not fill the disk. */
const logBytesMax = 1024 * 1024 * 1024;

const db = new Sqlite(file, { timeout: 0 });
db.pragma('synchronous = FULL');
db.pragma('wal_autocheckpoint = 0');

parentPort?.on('message', (question: Question) => {
  if (question.ask === 'end') {
    db.close();
    parentPort?.close();
  } else {
    parentPort?.postMessage(answer(question));
  }
});

function answer(question: Exclude<Question, { ask: 'end' }>): boolean | Found[] | null {
  switch (question.ask) {
    case 'truncate':
      return unlessBusy(() => {
        const [row] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[];
        return row?.busy === 0;
      });
    case 'hold':
      return unlessBusy(() => {
        db.exec('begin');
        db.prepare('select 1 from sqlite_schema').get();
        return true;
      });
    case 'find':
      return find(question.descriptor, question.sought);
    case 'release':
      if (db.inTransaction) db.exec('commit');
      return true;
  }
}

/** A disk that is full or fails is told by those who write. */
function unlessBusy(work: () => boolean): boolean {
  try {
    return work();
  } catch {
    return false;
  }
}

/** Null where it took too long. */
function find(descriptor: number, { texts, keys }: SoughtTexts): Found[] | null {
  const sought = { table: new TextIndex(texts), index: new TextIndex(keys) };
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  const { size } = fstatSync(descriptor);
  const buffer = Buffer.alloc(readPages * pageBytes);
  const found: Found[] = [];
  for (let at = 0; at < size; ) {
    const bytesRead = readSync(descriptor, buffer, 0, buffer.length, at);
    const whole = bytesRead - (bytesRead % pageBytes);
    if (whole === 0) break;
    for (const { page, kind, bytes } of leftoversIn(
      buffer.subarray(0, whole),
      at / pageBytes + 1,
      pageBytes,
    )) {
      const inPage = sought[kind].findIn(bytes);
      if (inPage.length > 0) found.push({ page, kind, texts: inPage, bytes: new Uint8Array(bytes) });
    }
    at += whole;
    if (logBytes() > logBytesMax) return null;
  }
  return found;
}

function logBytes(): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}
