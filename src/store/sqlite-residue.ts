/**
 * The remains of the erased in the SQLite file and its log. The log is emptied by a checkpoint that truncates it,
 * which needs a moment in which nobody reads a former state. In the file `secure_delete` has overwritten what was
 * deleted, but for the copies that `sqlite-pages.ts` tells of: all pages are looked through, and where one of the
 * sought texts is in the room of a page, SQLite is made to arrange that page anew. Nothing here writes to the file
 * but SQLite itself, and what was done counts only once another look has found nothing.
 */
import { closeSync, fstat, openSync, read, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Residue, SoughtTexts } from '../core/erasure/residue.ts';
import type { GroupCommit } from './group-commit.ts';
import type { SqliteCheckpoints } from './sqlite-checkpoint.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { isBusy } from './sqlite-lock.ts';
import { findTexts, type Leftover, leftoversIn, readLeafPage } from './sqlite-pages.ts';
import { TextIndex } from './text-index.ts';

const readBytes = promisify(read);
const statOf = promisify(fstat);

/** Readers of a former state are waited for so often, for some milliseconds each time. */
const flushTriesMax = 40;
const flushPauseMs = 25;
/** How often pages are arranged anew before it is left to a later time. */
const mendRoundsMax = 3;
const readPages = 256;
/** Indexes are built anew for this share of the time at most. */
const reindexShare = 0.01;
/** The indexes that repeat what a person is known by. */
const indexes = ['users_email_canonical', 'users_external_id'];

export interface ResidueParts {
  readonly file: string;
  readonly connection: SqliteConnection;
  /** Runs work when no transaction of this process is open. */
  readonly commits: Pick<GroupCommit, 'between'>;
  /** Does most of the copying beforehand, beside the thread that serves. */
  readonly checkpoints: Pick<SqliteCheckpoints, 'copy'>;
}

export class SqliteResidue implements Residue {
  readonly #parts: ResidueParts;
  /**
   * Stays open as long as SQLite has the file open: closing any descriptor of a file gives up all locks that the
   * process holds on it (POSIX), those of SQLite included.
   */
  #descriptor: number | null = null;
  #reindexAfter = 0;

  constructor(parts: ResidueParts) {
    this.#parts = parts;
  }

  async flush(): Promise<boolean> {
    await this.#parts.checkpoints.copy();
    for (let tries = 1; ; tries++) {
      if (await this.#parts.commits.between(() => this.#truncateLog())) return true;
      if (tries === flushTriesMax) return false;
      await sleep(flushPauseMs);
    }
  }

  async clear(sought: SoughtTexts): Promise<ReadonlySet<string>> {
    const table = new TextIndex(sought.texts);
    const index = new TextIndex(sought.keys);
    /** Pages where such a text is no trace of a person, but happens to be part of something else. */
    const others = new Set<number>();
    for (let round = 0; ; round++) {
      const found = findTexts(await this.#scan(), (kind) => (kind === 'table' ? table : index));
      const places = [...found.keys()].filter(({ page }) => !others.has(page));
      if (places.length === 0) return new Set();
      const texts = new Set(places.flatMap((place) => found.get(place) ?? []));
      if (round === mendRoundsMax) return texts;
      for (const page of await this.#mendBetween(places)) others.add(page);
      if (!(await this.flush())) return texts;
    }
  }

  /** After the connections to the file are closed. */
  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #truncateLog(): boolean {
    const rows = this.#parts.connection.db.pragma('wal_checkpoint(TRUNCATE)') as readonly { busy: number }[];
    return rows[0]?.busy === 0;
  }

  #open(): number {
    this.#descriptor ??= openSync(this.#parts.file, 'r');
    return this.#descriptor;
  }

  get #pageBytes(): number {
    return Number(this.#parts.connection.db.pragma('page_size', { simple: true }));
  }

  /** Looks through the whole file, in pieces between which others get their turn. */
  async #scan(): Promise<Leftover[]> {
    const descriptor = this.#open();
    const pageBytes = this.#pageBytes;
    const { size } = await statOf(descriptor);
    const buffer = Buffer.alloc(readPages * pageBytes);
    const leftovers: Leftover[] = [];
    for (let at = 0; at < size; ) {
      const { bytesRead } = await readBytes(descriptor, buffer, 0, buffer.length, at);
      const whole = bytesRead - (bytesRead % pageBytes);
      if (whole === 0) break;
      leftovers.push(...leftoversIn(buffer.subarray(0, whole), at / pageBytes + 1, pageBytes));
      at += whole;
    }
    return leftovers;
  }

  /** None where another process holds the lock to write: the next round tries again. */
  #mendBetween(places: readonly Leftover[]): Promise<number[]> {
    return this.#parts.commits.between(() => {
      try {
        return this.#mend(places);
      } catch (error) {
        if (isBusy(error)) return [];
        throw error;
      }
    });
  }

  /** Has SQLite arrange the pages anew; those that turn out to hold nothing of a person. */
  #mend(places: readonly Leftover[]): number[] {
    const others: number[] = [];
    for (const { page, kind } of places) {
      if (kind === 'table' && !this.#arrange(page)) others.push(page);
    }
    const inIndexes = places.filter(({ kind }) => kind === 'index');
    // Where the sought texts are kept is built anew; what is left has them by chance.
    if (inIndexes.length > 0 && this.#rebuildIndexes()) others.push(...inIndexes.map(({ page }) => page));
    return others;
  }

  /**
   * A row of the page grows until the room between pointers and cells is too small for it and the page as a whole
   * is not: then SQLite moves all cells together and overwrites the rest. It shrinks again in the same transaction.
   * False where the page holds no users.
   */
  #arrange(page: number): boolean {
    const { db } = this.#parts.connection;
    const bytes = Buffer.alloc(this.#pageBytes);
    readSync(this.#open(), bytes, 0, bytes.length, (page - 1) * bytes.length);
    const leaf = readLeafPage(bytes);
    const [cell, ...otherCells] = leaf?.cells ?? [];
    if (leaf === null) return false;
    if (cell === undefined) return this.#rebuildEmptyTable(page);
    const user = db
      .prepare<[number], { id: string; timezone: string }>('select id, timezone from users where seq = ?')
      .get(cell.rowid);
    if (user === undefined || !bytes.includes(user.id)) return false;
    const needed = Math.max(leaf.gapBytes, leaf.holeBytesMax + cell.bytes) + 1;
    // A row that is alone on its page grows over all of it.
    const grown = otherCells.length > 0 ? needed : leaf.gapBytes + cell.bytes - 4;
    const update = db.prepare<[string, number]>('update users set timezone = ? where seq = ?');
    db.transaction(() => {
      update.run(
        user.timezone.padEnd(user.timezone.length + Math.max(1, grown - cell.bytes), '.'),
        cell.rowid,
      );
      update.run(user.timezone, cell.rowid);
    }).immediate();
    return true;
  }

  /** A table without rows has one page, which nothing but a rebuild of the file overwrites. */
  #rebuildEmptyTable(page: number): boolean {
    const { db } = this.#parts.connection;
    const root = db.prepare(`select 1 from sqlite_schema where name = 'users' and rootpage = ?`).get(page);
    if (root === undefined) return false;
    db.exec('vacuum');
    return true;
  }

  #rebuildIndexes(): boolean {
    if (performance.now() < this.#reindexAfter) return false;
    const startedAt = performance.now();
    for (const name of indexes) this.#parts.connection.db.exec(`reindex ${name}`);
    this.#reindexAfter = performance.now() + (performance.now() - startedAt) / reindexShare;
    return true;
  }
}
