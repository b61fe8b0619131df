/**
 * Random bytes that are drawn in bulk, because a system call for each small draw would cost more than its use. Each byte
 * is used once.
 */
import { randomFillSync } from 'node:crypto';

export class RandomPool {
  /** Read only at the offsets that `take` returns. */
  readonly bytes: Buffer;
  #spent: number;

  /** `size` is how many bytes are drawn at a time. */
  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
    this.#spent = size;
  }

  /** The offset of the next `count` unused bytes, valid until the next call. `count` is at most the size of the pool. */
  take(count: number): number {
    if (this.#spent + count > this.bytes.length) {
      randomFillSync(this.bytes);
      this.#spent = 0;
    }
    const at = this.#spent;
    this.#spent += count;
    return at;
  }
}
