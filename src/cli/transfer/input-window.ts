/**
 * Looks at a long input through a window: bytes come in at its end when they are asked for, and leave at its
 * beginning when they are done. Knows how many bytes are done and their digest, so memory holds no more than what
 * is looked at.
 */
import { createHash } from 'node:crypto';

export class InputWindow {
  /** What is in the window. */
  bytes: Buffer = Buffer.alloc(0);
  /** How many bytes of the input are done. */
  done = 0;
  /** Whether nothing comes after the window. */
  isLast = false;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #hash = createHash('sha256');

  constructor(input: AsyncIterable<Buffer>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  /** Reads on; places in the window stay what they are. False at the end of the input. */
  async more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done) {
      this.isLast = true;
      return false;
    }
    this.bytes = this.bytes.length === 0 ? value : Buffer.concat([this.bytes, value]);
    return true;
  }

  /** The first `count` bytes of the window are done and leave it. */
  pass(count: number): void {
    this.#hash.update(this.bytes.subarray(0, count));
    this.bytes = this.bytes.subarray(count);
    this.done += count;
  }

  /** Passes everything up to that place of the input; false where the input ends before it. */
  async passTo(place: number): Promise<boolean> {
    while (this.done + this.bytes.length < place) {
      this.pass(this.bytes.length);
      if (!(await this.more())) return false;
    }
    this.pass(Math.max(0, place - this.done));
    return true;
  }

  /** SHA-256 in hex of everything that is done. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Stops reading. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
