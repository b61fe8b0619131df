/**
 * Room on the disk of the data folder for lines and grants that must be written after a commit. It is a file without a
 * name, with bytes in it: it holds its blocks until it gives them back, and goes when the process ends. A change takes
 * what it needs before its commit. Where the disk has turned out to be full after the commit, the reserve gives its blocks
 * back for that write, and no further change finds room until the reserve could be filled again.
 */
import { randomFillSync } from 'node:crypto';
import { constants, ftruncateSync } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LackOfRoomError, type LedgerRoom } from '../../core/erasure/ledger.ts';
import { errorCodeOf } from '../../core/error-code.ts';

const draft = 'erasures.reserve';
/** What the reserve grows by: enough for a thousand deletions that are under way at the same time. */
const stepBytes = 1024 * 1024;
/** New changes find at least so much that no other change has taken. */
const spareBytes = stepBytes / 4;
const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** Whether the error of the system says that the disk, or the share of the user, is full. */
export function isFull(error: unknown): boolean {
  return fullCodes.has(errorCodeOf(error));
}

export class DiskReserve {
  readonly #dataDir: string;
  #file: FileHandle | null = null;
  /** The bytes that it has on disk. */
  #bytes = 0;
  #taken = 0;
  /** The size up to which the system lets a file of this process grow, as far as it was tried. */
  #reach = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Whether a new change finds room, beside a ledger of that size. */
  isReady(ledgerBytes: number): boolean {
    return this.#bytes - this.#taken >= spareBytes && ledgerBytes + stepBytes / 2 <= this.#reach;
  }

  /**
   * Makes room for so many bytes that no change has taken, beside a ledger of that size. Throws the error of the system
   * where there is none.
   */
  make(bytes: number, ledgerBytes: number): Promise<void> {
    const turn = this.#last.then(() => this.#make(bytes, ledgerBytes));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** The room of one change. */
  room(): LedgerRoom {
    let own = 0;
    return {
      take: (bytes) => {
        // The store may run a change several times.
        this.#taken -= own;
        own = 0;
        if (this.#bytes - this.#taken < bytes) throw new LackOfRoomError(bytes);
        own = bytes;
        this.#taken += own;
      },
      giveBack: () => {
        this.#taken -= own;
        own = 0;
      },
    };
  }

  /** Gives all blocks back to the disk; false where it has none. */
  drop(): boolean {
    if (this.#file === null || this.#bytes === 0) return false;
    this.#bytes = 0;
    this.#reach = 0;
    ftruncateSync(this.#file.fd, 0);
    return true;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#file?.close();
    this.#file = null;
    this.#bytes = 0;
  }

  async #make(bytes: number, ledgerBytes: number): Promise<void> {
    this.#file ??= await openUnnamed(join(this.#dataDir, draft));
    const wanted = this.#taken + Math.max(bytes, 0) + spareBytes;
    while (this.#bytes < wanted) {
      const at = this.#bytes;
      // Random bytes: a file system that compresses would need no room for others.
      const step = randomFillSync(Buffer.alloc(stepBytes));
      try {
        const { bytesWritten } = await this.#file.write(step, 0, stepBytes, at);
        if (bytesWritten < stepBytes) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
        await this.#file.datasync();
      } catch (error) {
        ftruncateSync(this.#file.fd, at);
        throw error;
      }
      this.#bytes = at + stepBytes;
    }
    // The ledger must be allowed to grow too. A larger size without bytes needs no room.
    const reach = Math.max(ledgerBytes + stepBytes, this.#bytes);
    ftruncateSync(this.#file.fd, reach);
    this.#reach = reach;
  }
}

/** The name is there for a moment only; a crash in this moment leaves an empty file, which the next one removes. */
async function openUnnamed(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  for (;;) {
    try {
      const file = await open(path, flags, 0o600);
      await rm(path, { force: true });
      return file;
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
      await rm(path, { force: true });
    }
  }
}
