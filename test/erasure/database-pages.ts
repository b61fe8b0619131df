/** Reads the pages of a SQLite file for the tests of remains, and plants texts in unallocated space. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { unallocatedRanges } from '../../src/store/sqlite/remains/unallocated.ts';

const run = promisify(execFile);

export const pageBytes = 4_096;
/** The length of a planted text. It begins with a character that names do not have. */
const textBytes = 12;
const mark = '~';

/** A range of unallocated bytes by SQLite's file format. */
export interface UnallocatedRange {
  readonly page: number;
  /** The first byte of the page: 2 and 5 for inner pages, 10 and 13 for leaves, of indexes and of tables. */
  readonly type: number;
  /** Where it begins in the file. */
  readonly at: number;
  readonly bytes: Buffer;
}

/**
 * The bytes of a database file. Another process copies it: a process that has it open would release SQLite's locks
 * by closing it.
 */
export async function databaseBytes(file: string): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-pages-'));
  try {
    await run('cp', [file, folder]);
    return await readFile(join(folder, basename(file)));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The unallocated ranges of all pages that look like pages of a tree, except page 1. */
export function rangesIn(bytes: Buffer): UnallocatedRange[] {
  const all: UnallocatedRange[] = [];
  for (let page = 2; page * pageBytes <= bytes.length; page += 1) {
    const from = (page - 1) * pageBytes;
    const own = bytes.subarray(from, from + pageBytes);
    for (const { start, end } of unallocatedRanges(own, pageBytes)) {
      all.push({ page, type: own[0] ?? 0, at: from + start, bytes: own.subarray(start, end) });
    }
  }
  return all;
}

export function randomText(bytes: number): string {
  return randomBytes(bytes).toString('base64url').slice(0, bytes).toLowerCase();
}

/** The pages of the trees of a closed database, except page 1. */
export function treePages(file: string): ReadonlySet<number> {
  const db = new Database(file, { readonly: true });
  try {
    const pages = db
      .prepare<[], number>(`select pageno from dbstat where pagetype <> 'overflow' and pageno > 1`)
      .pluck()
      .all();
    return new Set(pages);
  } finally {
    db.close();
  }
}

/**
 * Writes texts of its own, over and over, into every unallocated range of a closed database that has room for one, as
 * SQLite might have left them; the texts by page.
 */
export async function plant(file: string, textsPerPage = 1): Promise<ReadonlyMap<number, readonly string[]>> {
  const pages = treePages(file);
  const bytes = await readFile(file);
  const planted = new Map<number, string[]>();
  for (const { page, bytes: range } of rangesIn(bytes)) {
    if (!pages.has(page)) continue;
    const texts = planted.get(page) ?? [];
    for (let count = 0, end = range.length; end >= textBytes; count += 1, end -= textBytes) {
      const text =
        (texts.length < textsPerPage ? undefined : texts[count % textsPerPage]) ??
        `${mark}${randomText(textBytes - 1)}`;
      range.write(text, end - textBytes, 'latin1');
      if (texts.length < textsPerPage) texts.push(text);
    }
    if (texts.length > 0) planted.set(page, texts);
  }
  await writeFile(file, bytes);
  return planted;
}

/** All byte sequences in the file that look like texts of `plant`. */
export async function plantedIn(file: string): Promise<ReadonlySet<string>> {
  const bytes = await databaseBytes(file);
  const found = new Set<string>();
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
    found.add(bytes.toString('latin1', at, at + textBytes));
  }
  return found;
}
