/**
 * A file that only its owner may read, and that exists only when it is complete: it is written under another name and
 * renamed at the end. A path that is not a regular file, such as a pipe, is written directly.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { CommandError } from '../command.ts';

/** Small writes are collected, because each would cost a system call. */
const bufferedCharactersMax = 256 * 1024;

export class PrivateFile {
  readonly #path: string;
  /** The path of the incomplete file; null where the file itself is written. */
  readonly #part: string | null;
  readonly #handle: FileHandle;
  #text = '';

  private constructor(path: string, part: string | null, handle: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#handle = handle;
  }

  /** Opens the file. Throws a `CommandError` where it cannot be written. */
  static async create(path: string): Promise<PrivateFile> {
    try {
      const there = await stat(path).catch(() => null);
      if (there?.isDirectory()) throw new Error('it is a folder');
      if (there !== null && !there.isFile()) return new PrivateFile(path, null, await open(path, 'w'));
      const part = `${path}.part`;
      await rm(part, { force: true });
      return new PrivateFile(path, part, await open(part, 'wx', 0o600));
    } catch (error) {
      throw new CommandError(`${path} cannot be written: ${reasonOf(error)}`);
    }
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= bufferedCharactersMax) await this.#flush();
  }

  /** Ends the file, which is complete. */
  async keep(): Promise<void> {
    await this.#flush();
    if (this.#part !== null) await this.#handle.sync();
    await this.#handle.close();
    if (this.#part !== null) await rename(this.#part, this.#path);
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

/** The reason in a system error, without the path. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.split(',', 1)[0] ?? reason;
}
