/**
 * Random bytes that are drawn in bulk: one call of the system for each of many small draws would cost more than what
 * they are for. No byte is handed out twice.
 */
import { randomFillSync } from 'node:crypto';

export class RandomPool {
  /** Read at the places that `take` gives, and at no other. */
  readonly bytes: Buffer;
  #spent: number;

  /** `size` is how many bytes are drawn at a time. */
  constructor(size: number) {
    this.bytes = Buffer.alloc(size);
    this.#spent = size;
  }

  /** Where the next `count` unspent bytes begin, good until the next call; no more than the pool has. */
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
