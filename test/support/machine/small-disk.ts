/**
 * A small disk for a data folder: a file system in memory. The test file imports `own-mounts.ts` first, so the disk ends with
 * the process of the test at the latest.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseFile } from '../../../src/store/sqlite/sqlite-store.ts';

export interface SmallDisk {
  /** The folder. */
  readonly path: string;
  /** Fills it to the last byte, or leaves so many bytes. */
  fill(leftBytes?: number): void;
  /** Removes what `fill` has written. */
  free(): void;
  /** Lets the system refuse each write, as after a fault of the disk. */
  setReadOnly(isReadOnly: boolean): void;
  remove(): void;
}

const filler = 'filler';

/** Makes an empty disk of that size. */
export function makeSmallDisk(kibibytes: number): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), 'roster-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k,mode=700`, 'tmpfs', path]);
  const free = (): void => rmSync(join(path, filler), { force: true });
  return {
    ...{ path, free },
    fill(leftBytes = 0) {
      free();
      const { bavail, bsize } = statfsSync(path);
      try {
        writeFileSync(join(path, filler), Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
      } catch (error) {
        // A program that runs may write between the two.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    setReadOnly(isReadOnly) {
      execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, path]);
    },
    remove() {
      execFileSync('umount', ['--lazy', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/**
 * Makes a disk for all of a data folder but the SQLite database, which is on the disk of the machine: the database has
 * room when the folder has none.
 */
export function makeSmallFolder(kibibytes: number): SmallDisk {
  const disk = makeSmallDisk(kibibytes);
  const outside = mkdtempSync(join(tmpdir(), 'roster-database-'));
  const file = join(outside, databaseFile);
  writeFileSync(file, '');
  symlinkSync(file, join(disk.path, databaseFile));
  return {
    ...disk,
    remove() {
      disk.remove();
      rmSync(outside, { recursive: true });
    },
  };
}
