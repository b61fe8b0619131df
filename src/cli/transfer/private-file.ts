/**
 * A file that only its owner may read, and that exists only when it is complete: it is written under another name and
 * renamed at the end. It replaces another file only where that is said. A path that is not a regular file, such as a
 * pipe, is written directly.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { CommandError } from '../command.ts';

/** Small writes are collected, because each would cost a system call. */
const bufferedCharactersMax = 256 * 1024;

export interface PrivateFileOptions {
  /** Whether a file that has this path is replaced. */
  readonly replaces: boolean;
}

export class PrivateFile {
  readonly #path: string;
  /** The path of the incomplete file; null where the file itself is written. */
  readonly #part: string | null;
  readonly #handle: FileHandle;
  readonly #replaces: boolean;
  #text = '';

  private constructor(
    path: string,
    { part, handle, replaces }: { part: string | null; handle: FileHandle } & PrivateFileOptions,
  ) {
    this.#path = path;
    this.#part = part;
    this.#handle = handle;
    this.#replaces = replaces;
  }

  /** Opens the file. Throws a `CommandError` where it cannot be written, or would replace a file that it may not. */
  static async create(path: string, { replaces }: PrivateFileOptions): Promise<PrivateFile> {
    if (!replaces) await refuseExisting(path);
    try {
      const there = await stat(path).catch(() => null);
      if (there?.isDirectory()) throw new Error('it is a folder');
      if (there !== null && !there.isFile()) {
        return new PrivateFile(path, { part: null, handle: await open(path, 'w'), replaces });
      }
      const part = `${path}.part`;
      await rm(part, { force: true });
      return new PrivateFile(path, { part, handle: await open(part, 'wx', 0o600), replaces });
    } catch (error) {
      throw new CommandError(`${path} cannot be written: ${reasonOf(error)}`);
    }
  }

  /** Whether the path is a terminal, such as `/dev/tty`. */
  get isTerminal(): boolean {
    return isatty(this.#handle.fd);
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= bufferedCharactersMax) await this.#flush();
  }

  /** Ends the file, which is complete. Throws a `CommandError` where another file has got this path since. */
  async keep(): Promise<void> {
    await this.#flush();
    if (this.#part === null) return this.#handle.close();
    await this.#handle.sync();
    // An empty file holds the name, so that the rename replaces no other file.
    if (!this.#replaces) await reserve(this.#path);
    await this.#handle.close();
    await rename(this.#part, this.#path);
  }

  /** Removes the file, which will not be complete. */
  async drop(): Promise<void> {
    await this.#handle.close();
    if (this.#part !== null) await rm(this.#part, { force: true });
  }

  async #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    await this.#handle.writeFile(text);
  }
}

/** Throws a `CommandError` where a regular file has that path. */
export async function refuseExisting(path: string): Promise<void> {
  if (await isFile(path)) throw existing(path);
}

/** Whether a regular file has that path. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

async function reserve(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch {
    throw existing(path);
  }
}

function existing(path: string): CommandError {
  return new CommandError(`${path} exists: add --force to replace it, or name another file`);
}

/** The reason in a system error, without the path. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.split(',', 1)[0] ?? reason;
}
