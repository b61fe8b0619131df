/**
 * The ledger of accepted erasures as a file in the data folder: a line of JSON for each event, after a first line
 * that names the ledger. Lines are only ever added, under a lock that the processes of the folder share. Who adds
 * verifies first what the others have added (`ledger-chain.ts`). Lines that wait share one durable write, in another
 * thread. A line without an end was cut short by a crash and is removed: no client got an answer for it.
 */
import { hash } from 'node:crypto';
import { statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ErasureLedger,
  LedgerError,
  type LedgerHead,
  type LedgerLine,
  type LedgerRoom,
  type OpenGrants,
} from '../../core/erasure/ledger.ts';
import { refuse } from '../../core/errors.ts';
import type { SecretBox } from '../../core/secret.ts';
import { AppendLock } from './append-lock.ts';
import { DiskReserve, isFull } from './disk-reserve.ts';
import { LedgerChain } from './ledger-chain.ts';
import { makeLedger, readId } from './ledger-header.ts';
import { linesIn } from './ledger-lines.ts';
import { addTo, openToAdd } from './ledger-write.ts';
import { openGrantsIn } from './open-grants.ts';

export const ledgerFile = 'erasures.ledger';

const pieceBytes = 1024 * 1024;
const newline = 0x0a;
/**
 * The most acceptances that are remembered until they complete. A forgotten one gets a second line, which does no
 * harm.
 */
const acceptedMax = 100_000;

interface Waiting {
  readonly lines: readonly LedgerLine[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Whole lines of the file that were verified, to be read again. */
interface VerifiedPiece {
  readonly at: number;
  readonly length: number;
  readonly sha256: string;
}

/**
 * Opens the ledger of a data folder, and creates it where there is none. `onFault` gets the error of a failed write,
 * and a `LedgerError` once. Throws the error of the system where the ledger cannot be opened.
 */
export function openLedger(
  dataDir: string,
  secrets: SecretBox,
  onFault: (error: unknown) => void = () => {},
): LedgerFile {
  const path = join(dataDir, ledgerFile);
  const id = readId(path) ?? makeLedger(path, secrets);
  const lock = new AppendLock(dataDir);
  const reserve = new DiskReserve(dataDir);
  const grants = openGrantsIn(dataDir, onFault, reserve);
  return new LedgerFile(path, { id, lock, secrets, grants, reserve, onFault });
}

interface LedgerFileOptions {
  readonly id: string;
  readonly lock: AppendLock;
  readonly secrets: SecretBox;
  readonly grants: OpenGrants;
  readonly reserve: DiskReserve;
  readonly onFault: (error: unknown) => void;
}

export class LedgerFile implements ErasureLedger {
  readonly id: string;
  readonly grants: OpenGrants;
  readonly #path: string;
  readonly #lock: AppendLock;
  readonly #secrets: SecretBox;
  readonly #reserve: DiskReserve;
  readonly #onFault: (error: unknown) => void;
  readonly #accepted = new Set<string>();
  /** Of the lines that were read at the start. */
  readonly #completed = new Set<string>();
  #chain: LedgerChain;
  /** How far lines were verified while no process was writing. */
  #head: LedgerHead = { bytes: 0, code: null };
  /** What the database has of the head, as far as this process knows. */
  #known: LedgerHead | null = null;
  #file: { readonly handle: FileHandle; readonly inode: number } | null = null;
  #isVerifiedInTurn = false;
  #queue: Waiting[] = [];
  #writing: Promise<void> | null = null;
  /** Why no line can be added as long as the file is the same. */
  #fault: { readonly error: LedgerError; readonly file: string } | null = null;

  constructor(path: string, { id, lock, secrets, grants, reserve, onFault }: LedgerFileOptions) {
    this.#path = path;
    this.id = id;
    this.#lock = lock;
    this.#secrets = secrets;
    this.grants = grants;
    this.#reserve = reserve;
    this.#onFault = onFault;
    this.#chain = this.#newChain(null);
  }

  async *read(known: LedgerHead | null): AsyncGenerator<readonly LedgerLine[]> {
    const pieces = await this.#verifyWhole(known, true);
    const from = known?.bytes ?? 0;
    for (const piece of pieces) yield this.#linesOf(await this.#readAgain(piece), piece.at, from);
  }

  /** Verifies the whole ledger and changes nothing. Lines without codes pass where the database may know them. */
  async inspect(known: LedgerHead | null): Promise<void> {
    await this.#verifyWhole(known, false);
  }

  async append(lines: readonly LedgerLine[]): Promise<void> {
    if (lines.length === 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ lines, resolve, reject });
    this.#writing ??= this.#drain();
    await promise;
    this.#remember(lines);
  }

  async verify(): Promise<void> {
    if (!this.#reserve.isReady(this.#head.bytes)) await this.makeRoom(0);
    if (this.#fault === null && this.#isAsVerified()) return;
    try {
      await this.#lock.hold(() => this.#catchUp());
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }

  room(): LedgerRoom {
    return this.#reserve.room();
  }

  async makeRoom(bytes: number): Promise<void> {
    try {
      await this.#reserve.make(bytes, this.#head.bytes);
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }

  async checkpoint(): Promise<boolean> {
    return this.#lock.hold(async () => {
      await this.#catchUp();
      if (this.#chain.isPresent) return false;
      await this.#write([this.#chain.checkpoint()]);
      return true;
    });
  }

  unknownHead(): LedgerHead | null {
    const { bytes, code } = this.#head;
    return bytes === this.#known?.bytes && code === this.#known.code ? null : this.#head;
  }

  noteKnown(known: LedgerHead): void {
    this.#known = known;
  }

  hasAccepted(erasureId: string): boolean {
    return this.#accepted.has(erasureId);
  }

  hasCompleted(erasureId: string): boolean {
    return this.#completed.has(erasureId);
  }

  /** Waits for writes under way. Nothing may be appended after it. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#lock.close();
    await this.#reserve.close();
    await this.#file?.handle.close();
    this.#file = null;
  }

  #newChain(expected: LedgerHead | null): LedgerChain {
    return new LedgerChain(this.#path, this.id, { secrets: this.#secrets, expected });
  }

  /**
   * Verifies the ledger from its beginning, and with `takesOver` lines without codes where the database knows them.
   * Returns the pieces that end behind the position that the database knows, and those just before it: their erasures may
   * still be on the way to a receipt.
   */
  async #verifyWhole(known: LedgerHead | null, takesOver: boolean): Promise<readonly VerifiedPiece[]> {
    const pieces: VerifiedPiece[] = [];
    const note = (bytes: Buffer, at: number): void => {
      if (at + bytes.length > (known?.bytes ?? 0) - pieceBytes) {
        pieces.push({ at, length: bytes.length, sha256: hash('sha256', bytes, 'base64url') });
      }
    };
    // Most of a long ledger is verified without the lock. What fails may be a line that is just being written.
    this.#chain = this.#newChain(known);
    await this.#advance(note).catch((error: unknown) => {
      if (!(error instanceof LedgerError)) throw error;
      pieces.length = 0;
      this.#chain = this.#newChain(known);
    });
    await this.#lock.hold(async () => {
      if (statSync(this.#path).size < this.#chain.head.bytes) {
        pieces.length = 0;
        this.#chain = this.#newChain(known);
      }
      const end = await this.#advance(note);
      if (!takesOver && this.#chain.isPlain && (known === null || known.code === null)) return;
      if (takesOver && this.#chain.isPlain && this.#chain.isFromBefore(known)) await this.#takeOver(end);
      this.#chain.conclude();
      this.#head = this.#chain.head;
    });
    return pieces;
  }

  /** Verifies the bytes behind the verified ones, under the lock, and removes a line that was cut short. */
  async #catchUp(): Promise<void> {
    const file = this.#fileNow();
    if (this.#fault?.file === file) throw this.#fault.error;
    try {
      if (file === 'missing') throw this.#chain.fault('is missing');
      await this.#followName();
      const { size } = statSync(this.#path);
      if (size < this.#chain.head.bytes) throw this.#chain.fault('has become shorter: lines are missing');
      if (size > this.#chain.head.bytes) await this.#advance((bytes) => this.#rememberAll(bytes));
      this.#chain.conclude();
      const { bytes } = this.#chain.head;
      if (size > bytes) await this.#file?.handle.truncate(bytes);
      this.#head = this.#chain.head;
      this.#fault = null;
    } catch (error) {
      if (error instanceof LedgerError) {
        this.#chain = this.#newChain(this.#head);
        if (this.#fault?.error.message !== error.message) this.#onFault(error);
        this.#fault = { error, file };
      }
      throw error;
    }
  }

  /** Opens the file anew, to verify it from its beginning, where another file has its name now. */
  async #followName(): Promise<void> {
    const { handle, inode } = await this.#openFile();
    if (statSync(this.#path).ino === inode) return;
    await handle.close();
    this.#file = null;
    this.#chain = this.#newChain(this.#head);
  }

  /** Changes when the file does. */
  #fileNow(): string {
    const there = statSync(this.#path, { throwIfNoEntry: false });
    return there === undefined ? 'missing' : `${there.ino} ${there.size} ${there.mtimeMs}`;
  }

  /** Verifies to the last line that has an end; returns the size of the file. */
  async #advance(onPiece: (bytes: Buffer, at: number) => void): Promise<number> {
    const { handle } = await this.#openFile();
    const { size } = await handle.stat();
    let length = pieceBytes;
    for (let at = this.#chain.head.bytes; at < size; ) {
      const buffer = Buffer.alloc(Math.min(length, size - at));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      const whole = buffer.subarray(0, buffer.subarray(0, bytesRead).lastIndexOf(newline) + 1);
      if (whole.length === 0) {
        // A line without an end is still being written, or was cut short.
        if (bytesRead < length || bytesRead === 0) break;
        length *= 2;
        continue;
      }
      const chain = this.#chain;
      chain.advance(whole);
      onPiece(whole, at);
      at += whole.length;
      length = pieceBytes;
    }
    return size;
  }

  /** Writes the checkpoint for lines that have no codes. A line that a crash has cut short stays among them. */
  async #takeOver(size: number): Promise<void> {
    const { handle } = await this.#openFile();
    if (size > this.#chain.head.bytes) {
      await handle.write('\n');
      await this.#advance(() => {});
    }
    await this.#write([this.#chain.checkpoint()]);
  }

  async #readAgain({ at, length, sha256 }: VerifiedPiece): Promise<Buffer> {
    const { handle } = await this.#openFile();
    const buffer = Buffer.alloc(length);
    await handle.read(buffer, 0, length, at);
    if (hash('sha256', buffer, 'base64url') !== sha256)
      throw this.#chain.fault('was changed while it was read');
    return buffer;
  }

  /** The lines of a piece that begin behind a position. */
  #linesOf(bytes: Buffer, at: number, from: number): readonly LedgerLine[] {
    const all = linesIn(bytes.toString('utf8'), this.#path);
    this.#remember(all);
    for (const line of all) {
      if (line.kind === 'completed' && this.#completed.size < acceptedMax)
        this.#completed.add(line.erasure.id);
    }
    if (at >= from) return all;
    let start = 0;
    while (at + start < from && start < bytes.length) start = bytes.indexOf(newline, start) + 1;
    return linesIn(bytes.toString('utf8', start), this.#path);
  }

  #rememberAll(bytes: Buffer): void {
    this.#remember(linesIn(bytes.toString('utf8'), this.#path));
  }

  #remember(lines: readonly LedgerLine[]): void {
    for (const line of lines) {
      if (line.kind === 'accepted' && this.#accepted.size < acceptedMax) this.#accepted.add(line.erasure.id);
      if (line.kind === 'completed') this.#accepted.delete(line.erasure.id);
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#writeQueue();
    } finally {
      this.#writing = null;
    }
  }

  async #writeQueue(): Promise<void> {
    let batch: readonly Waiting[] = [];
    let isShared = false;
    try {
      await this.#lock.hold(async () => {
        const { bytes } = this.#chain.head;
        await this.#catchUp();
        isShared = bytes < this.#chain.head.bytes;
        batch = this.#queue;
        this.#queue = [];
        const lines = batch.flatMap((waiting) => waiting.lines);
        const isPromised = lines.some(({ kind }) => kind === 'accepted');
        await this.#write(
          lines.map((line) => JSON.stringify(line)),
          { isPromised },
        );
      });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      const refusal = this.#refusalOf(error);
      const refused = batch.length > 0 ? batch : this.#queue.splice(0);
      for (const { reject } of refused) reject(refusal);
    }
    // Another process adds lines too: give it a chance to take the lock.
    if (isShared && this.#queue.length > 0) await sleep(1);
  }

  /**
   * Writes lines behind the verified ones, under the lock. On a full disk lines that are promised get the room that was
   * taken for them; other lines are written later.
   */
  async #write(bodies: readonly string[], { isPromised = false } = {}): Promise<void> {
    const bytes = this.#chain.seal(bodies);
    await this.#add(bytes).catch(async (error: unknown) => {
      if (!isPromised || !isFull(error) || !this.#reserve.drop()) throw error;
      await this.#add(bytes);
    });
    this.#chain.advance(bytes);
    this.#head = this.#chain.head;
  }

  async #add(bytes: Buffer): Promise<void> {
    const { handle } = await this.#openFile();
    await addTo(handle, this.#chain.head.bytes, bytes);
  }

  async #openFile(): Promise<{ readonly handle: FileHandle; readonly inode: number }> {
    if (this.#file === null) {
      const handle = await openToAdd(this.#path);
      this.#file = { handle, inode: (await handle.stat()).ino };
    }
    return this.#file;
  }

  /**
   * Whether the file with the name is the verified one, and nothing was added to it but what is being written now. The
   * deletions of one turn of the event loop ask the system once.
   */
  #isAsVerified(): boolean {
    if (this.#isVerifiedInTurn) return true;
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== this.#file?.inode) return false;
    const added = there.size - this.#chain.head.bytes;
    if (added < 0 || (added > 0 && this.#writing === null)) return false;
    this.#isVerifiedInTurn = true;
    setImmediate(() => {
      this.#isVerifiedInTurn = false;
    });
    return true;
  }

  /** A `LedgerError` was reported already. */
  #refusalOf(error: unknown): Error {
    if (!(error instanceof LedgerError)) this.#onFault(error);
    return refuse('unavailable', { retryAfterSeconds: 1 });
  }
}
