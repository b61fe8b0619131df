/**
 * The ledger of accepted erasures as a file in the data folder: a line of JSON for each event, after a first line
 * that names the ledger. Lines are only ever added, also by several processes at the same time. Lines that wait share one
 * durable write, in another thread. A line that a crash has cut short is no JSON and is passed over, because each
 * write begins with a line break. No client got an answer for such a line.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, constants, fsyncSync, linkSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ErasureLedger, LedgerLine, LedgerPiece, OpenGrants } from '../../core/erasure/ledger.ts';
import { refuse } from '../../core/errors.ts';
import { linesIn } from './ledger-lines.ts';
import { openGrantsIn } from './open-grants.ts';

export const ledgerFile = 'erasures.ledger';

const pieceBytes = 1024 * 1024;
const newline = 0x0a;
/**
 * On Linux a write with this flag returns when it is on disk, as after `fdatasync`: one task for another thread,
 * not two. Other systems promise less.
 */
const writesThrough = process.platform === 'linux';
const adding =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | (writesThrough ? constants.O_DSYNC : 0);
/**
 * The most acceptances that are remembered until they complete. A forgotten one gets a second line, which does no
 * harm.
 */
const acceptedMax = 100_000;

interface Waiting {
  readonly text: string;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Opens the ledger of a data folder, and creates it where there is none. Throws the error of the system where that
 * fails.
 */
export function openLedger(dataDir: string, onFault: (error: unknown) => void = () => {}): LedgerFile {
  const path = join(dataDir, ledgerFile);
  const id = readId(path) ?? makeLedger(path);
  return new LedgerFile(path, { id, grants: openGrantsIn(dataDir, onFault), onFault });
}

interface LedgerFileOptions {
  readonly id: string;
  readonly grants: OpenGrants;
  readonly onFault: (error: unknown) => void;
}

export class LedgerFile implements ErasureLedger {
  readonly id: string;
  readonly grants: OpenGrants;
  readonly #path: string;
  readonly #onFault: (error: unknown) => void;
  readonly #accepted = new Set<string>();
  #handle: FileHandle | null = null;
  #queue: Waiting[] = [];
  #writing: Promise<void> | null = null;

  constructor(path: string, { id, grants, onFault }: LedgerFileOptions) {
    this.#path = path;
    this.id = id;
    this.grants = grants;
    this.#onFault = onFault;
  }

  async append(lines: readonly LedgerLine[]): Promise<void> {
    if (lines.length === 0) return;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ text, resolve, reject });
    this.#writing ??= this.#drain();
    await promise;
    this.#remember(lines);
  }

  hasAccepted(erasureId: string): boolean {
    return this.#accepted.has(erasureId);
  }

  async length(): Promise<number> {
    return (await stat(this.#path)).size;
  }

  async *read(from: number): AsyncGenerator<LedgerPiece> {
    const handle = await open(this.#path, 'r');
    try {
      const { size } = await handle.stat();
      let at = from;
      let length = pieceBytes;
      while (at < size) {
        const buffer = Buffer.alloc(Math.min(length, size - at));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(newline) + 1;
        if (end === 0) {
          // A line without an end is still being written, or was cut short.
          if (bytesRead < length || bytesRead === 0) return;
          length *= 2;
          continue;
        }
        at += end;
        length = pieceBytes;
        const lines = linesIn(buffer.toString('utf8', 0, end), this.#path);
        this.#remember(lines);
        yield { lines, end: at };
      }
    } finally {
      await handle.close();
    }
  }

  /** Waits for writes under way. Nothing may be appended after it. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#handle?.close();
    this.#handle = null;
  }

  #remember(lines: readonly LedgerLine[]): void {
    for (const line of lines) {
      if (line.kind === 'accepted' && this.#accepted.size < acceptedMax) this.#accepted.add(line.erasure.id);
      if (line.kind === 'completed') this.#accepted.delete(line.erasure.id);
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        await this.#write(batch);
      }
    } finally {
      this.#writing = null;
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      this.#handle ??= await open(this.#path, adding, 0o600);
      // The line break ends a line that a crash, also of another process, has cut short. It is one write, so
      // lines that others append at the same moment come before or after it.
      const bytes = Buffer.from(`\n${batch.map((each) => each.text).join('')}`);
      const { bytesWritten } = await this.#handle.write(bytes);
      if (bytesWritten < bytes.length) throw new Error('the ledger of erasures could not be written whole');
      if (!writesThrough) await this.#handle.datasync();
      for (const { resolve } of batch) resolve();
    } catch (error) {
      this.#onFault(error);
      for (const { reject } of batch) reject(refuse('unavailable', { retryAfterSeconds: 1 }));
    }
  }
}

/** The name in the first line; null where there is no ledger. */
function readId(path: string): string | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const head = Buffer.alloc(256);
    const text = head.toString('utf8', 0, readSync(file, head, 0, head.length, 0));
    const { ledger }: { ledger?: unknown } = JSON.parse(text.split('\n', 1)[0] ?? '');
    if (typeof ledger !== 'string') throw new Error('no name');
    return ledger;
  } catch {
    throw new Error(`${path} does not begin as a ledger of erasures`);
  } finally {
    closeSync(file);
  }
}

/** Creates an empty ledger; returns the name of the present one if another process was first. */
function makeLedger(path: string): string {
  const id = randomUUID();
  const draft = `${path}.${id}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify({ ledger: id })}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    // Linking is atomic and refuses where the name is taken.
    linkSync(draft, path);
  } catch (error) {
    const other = readId(path);
    if (other === null) throw error;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(dirname(path));
  return id;
}

/** Makes a new name in the folder durable. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}
