/**
 * A file that only its owner may read, and that is there as a whole or not at all: it is written under another name
 * and gets its own when it is complete. What is no regular file, such as a pipe, is written to as it is.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { CommandError } from '../command.ts';

/** Small writes are put together: each would cost a call of the system. */
const bufferedCharactersMax = 256 * 1024;

export class PrivateFile {
  readonly #path: string;
  /** Where it is written; null where that is the file itself. */
  readonly #part: string | null;
  readonly #handle: FileHandle;
  #text = '';

  private constructor(path: string, part: string | null, handle: FileHandle) {
    this.#path = path;
    this.#part = part;
    this.#handle = handle;
  }

  /** Begins to write. Throws a `CommandError` where nothing can be written there. */
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

  /** The file is complete. */
  async keep(): Promise<void> {
    await this.#flush();
    if (this.#part !== null) await this.#handle.sync();
    await this.#handle.close();
    if (this.#part !== null) await rename(this.#part, this.#path);
  }

  /** The file will not be complete: nothing of it stays. */
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

/** What the system says, without the path that it repeats. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return reason.split(',', 1)[0] ?? reason;
}
