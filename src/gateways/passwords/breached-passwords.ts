/**
 * Looks passwords up in a file of breached ones, on disk: the keys are evenly spread, so the position of a key is
 * estimated, and about three reads of 4 KB find it also among a billion. The reads run outside the event loop, because the
 * file may be on a slow disk, and no part of it stays in memory.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { getSystemErrorMessage } from 'node:util';
import {
  BreachedFileError,
  checkFile,
  headerBytes,
  keyBytes,
  keyOfPassword,
  readAll,
} from './breached-file.ts';

export interface BreachedPasswords {
  /** Whether the file has the password, which is given in its normal form. */
  has(password: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Opens and checks a file. Throws a `BreachedFileError` where it cannot be used. */
export async function openBreachedPasswords(path: string): Promise<BreachedPasswords> {
  const file = await open(path).catch((error: unknown) => {
    throw new BreachedFileError(`cannot be read: ${reasonOf(error)}`);
  });
  try {
    const count = await checkFile(file);
    return {
      has: (password) => hasKey(file, count, keyOfPassword(password)),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    if (error instanceof BreachedFileError) throw error;
    throw new BreachedFileError(`cannot be read: ${reasonOf(error)}`);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'errno' in error ? Number(error.errno) : Number.NaN;
  return Number.isNaN(code) ? String(error) : getSystemErrorMessage(code);
}

const windowKeys = 512;
/** Keys that are not evenly spread, which no list has, are found by halving from here on. */
const estimatesMax = 8;

/** Keys before `from` are smaller than the key, and those from `to` on are larger; the bounds are the keys there. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly low: bigint;
  readonly high: bigint;
}

async function hasKey(file: FileHandle, count: number, key: bigint): Promise<boolean> {
  let range: Range = { from: 0, to: count, low: 0n, high: 2n ** 64n };
  const window = Buffer.alloc(windowKeys * keyBytes);
  for (let step = 0; range.from < range.to; step += 1) {
    const start = startOfWindow(range, key, step < estimatesMax);
    const length = Math.min(windowKeys, range.to - start);
    await readAll(file, window.subarray(0, length * keyBytes), headerBytes + start * keyBytes);
    const [first, last] = [window.readBigUInt64BE(), window.readBigUInt64BE((length - 1) * keyBytes)];
    if (key < first) range = { ...range, to: start, high: first };
    else if (key > last) range = { ...range, from: start + length, low: last };
    else return isInWindow(window, length, key);
  }
  return false;
}

/** Where to read: around the place at which evenly spread keys have the key, or in the middle of the range. */
function startOfWindow({ from, to, low, high }: Range, key: bigint, isEstimate: boolean): number {
  const share = isEstimate ? Number(key - low) / Number(high - low) : 1 / 2;
  const middle = from + Math.floor(share * (to - from));
  return Math.min(Math.max(from, middle - windowKeys / 2), Math.max(from, to - windowKeys));
}

function isInWindow(window: Buffer, length: number, key: bigint): boolean {
  let [from, to] = [0, length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    const found = window.readBigUInt64BE(middle * keyBytes);
    if (found === key) return true;
    if (found < key) from = middle + 1;
    else to = middle;
  }
  return false;
}
