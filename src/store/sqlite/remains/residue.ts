/**
 * The remains of the erased in the SQLite file and its log. The log is emptied by a checkpoint that truncates it,
 * which needs a moment in which nobody reads a former state. In the file `secure_delete` has overwritten what was
 * deleted, but for the copies that `pages.ts` tells of: all pages are looked through, and where one of the
 * sought texts is in the room of a page, SQLite is made to arrange that page anew. Nothing here writes to the file
 * but SQLite itself, and what was done counts only once another look has found nothing: at one moment the log was
 * empty, and no page of the file had anything.
 */
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import type { Residue, SoughtTexts } from '../../../core/erasure/residue.ts';
import { isBusy } from '../../sql/dialect.ts';
import type { SqliteCheckpoints } from '../checkpoint.ts';
import type { SqliteConnection } from '../connection.ts';
import type { GroupCommit } from '../group-commit.ts';
import { type Found, SqliteLook } from './look.ts';
import { PageMending } from './mending.ts';
import type { Mended } from './moment-users.ts';
import { leftoversIn } from './pages.ts';

/** Readers of a former state are waited for so often, for some milliseconds each time. */
const restTriesMax = 40;
const restPauseMs = 25;
/** How often pages are arranged anew before it is left to a later time. */
const mendRoundsMax = 4;
/** So long pages are arranged before others get their turn. */
const mendMs = 5;
/** Indexes are built anew where nothing else helps, for this share of the time at most. */
const reindexShare = 0.01;
const indexes = ['users_email_canonical', 'users_external_id'];

export interface ResidueParts {
  readonly file: string;
  readonly connection: SqliteConnection;
  /** Runs work when no transaction of this process is open. */
  readonly commits: Pick<GroupCommit, 'between'>;
  /** Does most of the copying beforehand, beside the thread that serves. */
  readonly checkpoints: Pick<SqliteCheckpoints, 'copy'>;
}

/** Pages, as `markOf` has them, where such a text is no trace of a person but happens to be part of something else. */
interface Mending {
  readonly nobodys: readonly string[];
  readonly isStuck: boolean;
}

export class SqliteResidue implements Residue {
  readonly #parts: ResidueParts;
  readonly #look: SqliteLook;
  readonly #mending: PageMending;
  readonly #pageBytes: number;
  /**
   * Stays open as long as SQLite has the file open: closing any descriptor of a file gives up all locks that the
   * process holds on it (POSIX), those of SQLite included.
   */
  #descriptor: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #reindexAfter = 0;

  constructor(parts: ResidueParts) {
    this.#parts = parts;
    this.#look = new SqliteLook(parts.file);
    this.#pageBytes = Number(parts.connection.db.pragma('page_size', { simple: true }));
    this.#mending = new PageMending(parts.connection.db, this.#pageBytes, (page) => this.#pageAt(page));
  }

  flush(): Promise<boolean> {
    return this.#inTurn(async () => (await this.#atRest(() => true)) ?? false);
  }

  clear(sought: SoughtTexts): Promise<ReadonlySet<string>> {
    return this.#inTurn(() => this.#clear(sought));
  }

  /** Before the connections to the file are closed. */
  stop(): Promise<void> {
    return this.#look.close();
  }

  /** After they are closed. */
  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  /** One after the other: there is one thread that looks. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #clear(sought: SoughtTexts): Promise<ReadonlySet<string>> {
    const nobodys = new Set<string>();
    /** Pages that were arranged in each round. */
    let again: ReadonlySet<number> | null = null;
    for (let round = 0; ; round++) {
      const found = await this.#findAll(sought);
      if (found === null) return sought.texts;
      const places = found.filter((place) => !nobodys.has(markOf(place)));
      if (places.length === 0) return new Set();
      const texts = new Set(places.flatMap((place) => place.texts));
      if (round === mendRoundsMax) return texts;
      const resist = places.filter(({ page, kind }) => kind === 'index' && again?.has(page));
      const mending = await this.#mendAll(places);
      if (mending === null) return texts;
      for (const mark of mending.nobodys) nobodys.add(mark);
      const isStuck = mending.isStuck || (round > 1 && resist.length > 0);
      if (isStuck && !(await this.#rebuildIndexes())) return texts;
      const pages = places.map(({ page }) => page);
      again = new Set(again === null ? pages : pages.filter((page) => again?.has(page)));
    }
  }

  /** Null where the file could not be held, or not for long enough. */
  async #findAll(sought: SoughtTexts): Promise<readonly Found[] | null> {
    const { db } = this.#parts.connection;
    const copiedAfter = db.pragma('wal_autocheckpoint', { simple: true });
    try {
      const isHeld = await this.#atRest(async () => {
        const isBegun = await this.#look.hold();
        // A commit that finds the log long would try in vain to copy it, each time.
        db.pragma('wal_autocheckpoint = 0');
        return isBegun && this.#logBytes() === 0;
      });
      return isHeld === true ? await this.#look.find(this.#open(), sought) : null;
    } finally {
      await this.#look.release();
      db.pragma(`wal_autocheckpoint = ${copiedAfter}`);
    }
  }

  /** Arranges the pages anew, a few at a time; null where there was no moment for it. */
  async #mendAll(places: readonly Found[]): Promise<Mending | null> {
    const left = [...places];
    const nobodys: string[] = [];
    let isStuck = false;
    while (left.length > 0) {
      const done = await this.#atRest(() => this.#mendSome(left));
      if (done === null) return null;
      nobodys.push(...done.nobodys);
      isStuck ||= done.isStuck;
    }
    return { nobodys, isStuck };
  }

  /** Takes from `left` what it comes to; null where another process has written meanwhile. */
  #mendSome(left: Found[]): Mending | null {
    const { db } = this.#parts.connection;
    const mend = db.transaction(({ page, kind }: Found) => this.#mending.mend(page, kind));
    const run = db.transaction((): Mending | null => {
      if (this.#logBytes() > 0) return null;
      const endsAt = performance.now() + mendMs;
      const nobodys: string[] = [];
      let isStuck = false;
      for (let place = left.pop(); place !== undefined; place = left.pop()) {
        // What is no longer as it was found is found again where it is now.
        const mended = this.#isAsFound(place) ? unlessRefused(() => mend(place)) : 'mended';
        if (mended === 'nobody') nobodys.push(markOf(place));
        if (mended === 'stuck') isStuck = true;
        if (performance.now() > endsAt) break;
      }
      return { nobodys, isStuck };
    });
    try {
      return run.immediate();
    } catch (error) {
      if (isBusy(error)) return null;
      throw error;
    }
  }

  /**
   * Runs work at a moment in which no transaction of this process is open and the log is empty, so that the file alone
   * is the database. Null where no such moment came, or the work found it past.
   */
  async #atRest<T>(work: () => T | null | Promise<T | null>): Promise<T | null> {
    await Promise.all([this.#parts.checkpoints.copy(), this.#look.prepare()]);
    for (let tries = 1; ; tries++) {
      const done = await this.#parts.commits.between(async () =>
        (await this.#look.truncate()) ? work() : null,
      );
      if (done !== null || tries === restTriesMax) return done;
      await sleep(restPauseMs);
    }
  }

  #logBytes(): number {
    return statSync(`${this.#parts.file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  #open(): number {
    this.#descriptor ??= openSync(this.#parts.file, 'r');
    return this.#descriptor;
  }

  #pageAt(page: number): Buffer {
    const bytes = Buffer.alloc(this.#pageBytes);
    readSync(this.#open(), bytes, 0, bytes.length, (page - 1) * bytes.length);
    return bytes;
  }

  #isAsFound({ page, kind, bytes }: Found): boolean {
    const [leftover] = leftoversIn(this.#pageAt(page), page, this.#pageBytes);
    return leftover !== undefined && leftover.kind === kind && leftover.bytes.equals(bytes);
  }

  /** For pages that cannot be arranged alone, of very long entries. False where it is too soon for it again. */
  async #rebuildIndexes(): Promise<boolean> {
    if (performance.now() < this.#reindexAfter) return false;
    await this.#parts.commits.between(() => {
      const startedAt = performance.now();
      for (const name of indexes) this.#parts.connection.db.exec(`reindex ${name}`);
      this.#reindexAfter = performance.now() + (performance.now() - startedAt) / reindexShare;
    });
    return true;
  }
}

/** What SQLite refuses for a rule of the schema has changed nothing, and will not be otherwise the next time. */
function unlessRefused(mend: () => Mended): Mended {
  try {
    return mend();
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_CONSTRAINT')) return 'stuck';
    throw error;
  }
}

/** A page with what is left in it. */
function markOf({ page, bytes }: Found): string {
  return `${page} ${hash('sha256', bytes)}`;
}
