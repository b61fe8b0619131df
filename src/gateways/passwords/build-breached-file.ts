/**
 * Builds the file in which breached passwords are searched, from lists of any size and order. Keys are collected in memory
 * and sorted in runs on disk; runs that follow each other are one run, so a sorted list is written only once. Then all runs
 * are merged. The file has its own name only when it is complete and on disk.
 */
import { type FileHandle, link, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { headerBytes, keyBytes, makeHeader, readAll, writeAll } from './breached-file.ts';
import { HashLineError, HashLines } from './hash-lines.ts';

export interface BuildOptions {
  /** A list, or a folder with a file for each range (`00000.txt` to `FFFFF.txt`). */
  readonly from: string;
  readonly to: string;
  /** Whether a file that has that path is replaced. */
  readonly replaces: boolean;
  /** How many keys are in memory; 32 MB unless given. */
  readonly keysInMemory?: number;
  readonly onProgress?: (progress: { readonly share: number; readonly hashes: number }) => void;
}

export interface BuiltFile {
  /** Different hashes. */
  readonly hashes: number;
  readonly bytes: number;
}

const keysInMemoryDefault = 4 * 1024 * 1024;
const readBytes = 1024 * 1024;

/** Throws a `HashLineError` or a system error where the list cannot be read, and leaves no file then. */
export async function buildBreachedFile(options: BuildOptions): Promise<BuiltFile> {
  const [part, unmerged] = [`${options.to}.part`, `${options.to}.runs`];
  try {
    const runs = await Runs.create(unmerged, options.keysInMemory ?? keysInMemoryDefault);
    try {
      await readLists(options, runs);
      const hashes = await mergeInto(part, runs);
      await (options.replaces ? rename(part, options.to) : link(part, options.to));
      return { hashes, bytes: headerBytes + hashes * keyBytes };
    } finally {
      await runs.close();
    }
  } finally {
    for (const path of [part, unmerged]) await rm(path, { force: true });
  }
}

interface List {
  readonly path: string;
  readonly prefix: string;
  readonly bytes: number;
}

const rangeName = /^([0-9A-Fa-f]{5})(?:\.txt)?$/;

async function findLists(from: string): Promise<readonly List[]> {
  const there = await stat(from);
  if (!there.isDirectory()) return [{ path: from, prefix: '', bytes: there.size }];
  const lists: List[] = [];
  for (const name of (await readdir(from)).sort()) {
    const prefix = rangeName.exec(name)?.[1];
    if (prefix === undefined) continue;
    const path = join(from, name);
    lists.push({ path, prefix, bytes: (await stat(path)).size });
  }
  if (lists.length === 0) throw new Error('the folder has no file of a range, such as 00000.txt');
  return lists;
}

async function readLists({ from, onProgress }: BuildOptions, runs: Runs): Promise<void> {
  const lists = await findLists(from);
  const total = lists.reduce((sum, { bytes }) => sum + bytes, 0);
  const buffer = Buffer.alloc(readBytes);
  let done = 0;
  for (const { path, prefix } of lists) {
    const lines = new HashLines(prefix, (high, low) => runs.take(high, low));
    const file = await open(path);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, readBytes);
        if (bytesRead === 0) break;
        lines.push(buffer.subarray(0, bytesRead));
        await runs.settle();
        done += bytesRead;
        onProgress?.({ share: total === 0 ? 1 : done / total, hashes: runs.taken });
      }
      lines.end();
    } catch (error) {
      if (error instanceof HashLineError && prefix !== '') throw new Error(`${path}: ${error.message}`);
      throw error;
    } finally {
      await file.close();
    }
  }
  await runs.finish();
}

/** Sorted runs of keys, one after the other in a temporary file. */
class Runs {
  readonly #file: FileHandle;
  readonly #keysMax: number;
  #keys: BigUint64Array;
  /** Each key as its two halves, the lower one first, as little-endian machines store it. */
  #halves: Uint32Array;
  #count = 0;
  #written = 0;
  #last = -1n;
  /** The first key of each run, as its position in the file. */
  readonly starts: number[] = [];
  taken = 0;

  private constructor(file: FileHandle, keysMax: number) {
    this.#file = file;
    this.#keysMax = keysMax;
    // The lines of one read fit behind the keys that `settle` writes next.
    this.#keys = new BigUint64Array(keysMax + readBytes / 32);
    this.#halves = new Uint32Array(this.#keys.buffer);
  }

  static async create(path: string, keysMax: number): Promise<Runs> {
    await rm(path, { force: true });
    return new Runs(await open(path, 'wx+', 0o600), keysMax);
  }

  take(high: number, low: number): void {
    const at = 2 * this.#count;
    this.#halves[at] = low;
    this.#halves[at + 1] = high;
    this.#count += 1;
    this.taken += 1;
  }

  /** Writes the keys as a run when there are many. */
  async settle(): Promise<void> {
    if (this.#count >= this.#keysMax) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.#count === 0) return;
    const keys = this.#keys.subarray(0, this.#count).sort();
    if ((keys[0] ?? 0n) < this.#last || this.starts.length === 0) this.starts.push(this.#written);
    this.#last = keys.at(-1) ?? 0n;
    const bytes = Buffer.from(keys.buffer, 0, this.#count * keyBytes).swap64();
    await writeAll(this.#file, bytes, this.#written * keyBytes);
    this.#written += this.#count;
    this.#count = 0;
  }

  /** A reader of each run. */
  readers(): RunReader[] {
    return this.starts.map((start, at) => {
      return new RunReader(this.#file, start, this.starts[at + 1] ?? this.#written);
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

const runReadKeys = 8 * 1024;

/** Reads the keys of a run in their order. */
class RunReader {
  readonly #file: FileHandle;
  readonly #end: number;
  #at: number;
  #buffer = Buffer.alloc(0);
  #offset = 0;
  /** The present key. */
  key = 0n;

  constructor(file: FileHandle, start: number, end: number) {
    this.#file = file;
    this.#at = start;
    this.#end = end;
  }

  /** Whether the next key is in memory already. */
  get isBuffered(): boolean {
    return this.#offset < this.#buffer.length;
  }

  takeBuffered(): void {
    this.key = this.#buffer.readBigUInt64BE(this.#offset);
    this.#offset += keyBytes;
  }

  /** Reads more keys; false at the end of the run. */
  async fill(): Promise<boolean> {
    const length = Math.min(runReadKeys, this.#end - this.#at) * keyBytes;
    if (length === 0) return false;
    this.#buffer = Buffer.alloc(length);
    await readAll(this.#file, this.#buffer, this.#at * keyBytes);
    this.#at += length / keyBytes;
    this.#offset = 0;
    return true;
  }
}

/** Writes the header and the keys of all runs, sorted and each once; returns how many keys. */
async function mergeInto(path: string, runs: Runs): Promise<number> {
  await rm(path, { force: true });
  const file = await open(path, 'wx+', 0o644);
  try {
    const writer = new KeyWriter(file);
    const heap = new ReaderHeap();
    for (const reader of runs.readers()) {
      if (!(await reader.fill())) continue;
      reader.takeBuffered();
      heap.add(reader);
    }
    for (let reader = heap.first; reader !== undefined; reader = heap.first) {
      writer.add(reader.key);
      if (writer.isFull) await writer.flush();
      if (!reader.isBuffered && !(await reader.fill())) heap.removeFirst();
      else {
        reader.takeBuffered();
        heap.sinkFirst();
      }
    }
    await writer.flush();
    await writeAll(file, await makeHeader(file, writer.count), 0);
    await file.sync();
    return writer.count;
  } finally {
    await file.close();
  }
}

const writtenKeys = 64 * 1024;

class KeyWriter {
  readonly #file: FileHandle;
  readonly #buffer = Buffer.alloc(writtenKeys * keyBytes);
  #length = 0;
  #last = -1n;
  count = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get isFull(): boolean {
    return this.#length === this.#buffer.length;
  }

  add(key: bigint): void {
    if (key === this.#last) return;
    this.#last = key;
    this.#length = this.#buffer.writeBigUInt64BE(key, this.#length);
    this.count += 1;
  }

  async flush(): Promise<void> {
    const position = headerBytes + this.count * keyBytes - this.#length;
    await writeAll(this.#file, this.#buffer.subarray(0, this.#length), position);
    this.#length = 0;
  }
}

/** Readers by their present key, the smallest first. */
class ReaderHeap {
  readonly #readers: RunReader[] = [];

  get first(): RunReader | undefined {
    return this.#readers[0];
  }

  add(reader: RunReader): void {
    const readers = this.#readers;
    readers.push(reader);
    for (let at = readers.length - 1; at > 0; ) {
      const parent = (at - 1) >>> 1;
      if (!this.#swapIfSmaller(at, parent)) return;
      at = parent;
    }
  }

  removeFirst(): void {
    const last = this.#readers.pop();
    if (last === undefined || this.#readers.length === 0) return;
    this.#readers[0] = last;
    this.sinkFirst();
  }

  /** Puts the first reader where its key belongs. */
  sinkFirst(): void {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#keyAt(right) < this.#keyAt(left) ? right : left;
      if (!this.#swapIfSmaller(child, at)) return;
      at = child;
    }
  }

  #keyAt(at: number): bigint {
    return this.#readers[at]?.key ?? 2n ** 64n;
  }

  #swapIfSmaller(child: number, parent: number): boolean {
    const [below, above] = [this.#readers[child], this.#readers[parent]];
    if (below === undefined || above === undefined || below.key >= above.key) return false;
    this.#readers[child] = above;
    this.#readers[parent] = below;
    return true;
  }
}
