/** The durable write at the end of a ledger: all of it is on disk, or nothing of it counts. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * On Linux a write with this flag returns when it is on disk, as after `fdatasync`: one task for another thread,
 * not two. Other systems promise less.
 */
const writesThrough = process.platform === 'linux';
const adding = constants.O_RDWR | constants.O_APPEND | (writesThrough ? constants.O_DSYNC : 0);

export function openToAdd(path: string): Promise<FileHandle> {
  return open(path, adding);
}

/** Adds bytes to a file that ends at `end`. Throws the error of the system. */
export async function addTo(file: FileHandle, end: number, bytes: Buffer): Promise<void> {
  try {
    const { bytesWritten } = await file.write(bytes);
    // The system wrote what the disk had room for.
    if (bytesWritten < bytes.length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
    if (!writesThrough) await file.datasync();
  } catch (error) {
    // Nothing of a refused write may count later. Where that fails, the next write begins with it.
    await file.truncate(end).catch(() => {
      throw new Error('a part of a refused write is still in the ledger of erasures', { cause: error });
    });
    throw error;
  }
}
