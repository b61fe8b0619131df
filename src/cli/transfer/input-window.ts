/**
 * A window on a long input: the reader adds bytes at its end when it needs them, and removes them at its begin when they
 * are done. It counts the bytes that are done and keeps their digest, so only the bytes of the window are in memory.
 */
import { createHash } from 'node:crypto';

export class InputWindow {
  /** The bytes in the window. */
  bytes: Buffer = Buffer.alloc(0);
  /** How many bytes of the input are done. */
  done = 0;
  /** Whether the input ends with the window. */
  isLast = false;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Reads more bytes; offsets in the window stay valid. False at the end of the input. */
  async more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) {
      this.isLast = true;
      return false;
    }
    this.bytes = this.bytes.length === 0 ? value : Buffer.concat([this.bytes, value]);
    return true;
  }

  /** Marks the first `count` bytes of the window as done and removes them. */
  pass(count: number): void {
    this.#hash.update(this.bytes.subarray(0, count));
    this.bytes = this.bytes.subarray(count);
    this.done += count;
  }

  /** Passes all bytes up to that position of the input; false where the input ends before it. */
  async passTo(position: number): Promise<boolean> {
    while (this.done + this.bytes.length < position) {
      this.pass(this.bytes.length);
      if (!(await this.more())) return false;
    }
    this.pass(Math.max(0, position - this.done));
    return true;
  }

  /** SHA-256 in hex of all bytes that are done. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Stops reading. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
