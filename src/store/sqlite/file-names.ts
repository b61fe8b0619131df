/**
 * Whether the files that the connections of this process have open still have their names. A folder that was removed, renamed,
 * or replaced by another one leaves the process with files that no other process finds: what it writes there is lost when
 * it ends. So does a write-ahead log that was removed beside its database.
 */
import { statSync } from 'node:fs';
import { stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCodeOf } from '../../core/error-code.ts';

/** Another file, or none, has the name of a file that is open. The message is fit for an operator. */
export class FilesLostError extends Error {
  override readonly name = 'FilesLostError';
  readonly code = 'FILES_LOST';

  constructor() {
    super('the files of the database were removed or replaced while they were open');
  }
}

interface Identity {
  readonly dev: number;
  readonly ino: number;
}

/** The path of a database, and which files its connections have open, by path, as far as that is known. */
export interface OpenFiles {
  readonly file: string;
  readonly identities: ReadonlyMap<string, Identity>;
}

export class FileNames {
  /** By path. The log and its index have their files once something was read. */
  readonly #open = new Map<string, Identity>();
  readonly #file: string;
  readonly #folder: string;
  readonly #written: readonly string[];
  readonly #all: readonly string[];

  /** `named` is the path in the data folder, and `file` the file that it leads to. */
  constructor(named: string, file: string) {
    this.#file = file;
    this.#folder = dirname(named);
    this.#written = [named, `${file}-wal`];
    this.#all = [...this.#written, `${file}-shm`];
  }

  /** What a further connection of this process must open too. */
  get openFiles(): OpenFiles {
    return { file: this.#file, identities: this.#open };
  }

  /** Throws a `FilesLostError` where what is written now would be lost. Takes some microseconds. */
  refuseLost(): void {
    for (const path of this.#written) {
      if (!this.#isOpen(path, statSync(path, { throwIfNoEntry: false }))) throw new FilesLostError();
    }
  }

  /** Looks at all files, without blocking the thread. */
  async find(): Promise<'sound' | 'lost' | 'read_only'> {
    for (const path of this.#all) {
      if (!this.#isOpen(path, await stat(path).catch(() => undefined))) return 'lost';
    }
    return (await isReadOnly(this.#folder)) ? 'read_only' : 'sound';
  }

  #isOpen(path: string, there: Identity | undefined): boolean {
    const open = this.#open.get(path);
    if (open !== undefined) return isSame(open, there);
    if (there !== undefined) this.#open.set(path, { dev: there.dev, ino: there.ino });
    return true;
  }
}

/**
 * Sets the times of the folder to what they are. A file system that has switched itself to read-only after an error of its disk
 * is still mounted for writing, so only a change shows it.
 */
async function isReadOnly(folder: string): Promise<boolean> {
  try {
    const { atime, mtime } = await stat(folder);
    await utimes(folder, atime, mtime);
    return false;
  } catch (error) {
    return /^(EROFS|EIO)$/.test(errorCodeOf(error));
  }
}

function isSame(open: Identity, there: Identity | undefined): boolean {
  return there?.ino === open.ino && there.dev === open.dev;
}

/** Throws a `FilesLostError` where other files, or none, have the names. */
export function refuseOthers({ identities }: OpenFiles): void {
  for (const [path, identity] of identities) {
    if (!isSame(identity, statSync(path, { throwIfNoEntry: false }))) throw new FilesLostError();
  }
}
