/**
 * Remembers very many keys in little memory: the first 53 bits of the SHA-256 of each key, in a hash table that doubles
 * when it is half full, 16 to 32 bytes for each key. Among ten million keys the probability that two are taken for the
 * same is one in two hundred. A caller that needs certainty reads the database.
 */
import { hash } from 'node:crypto';

export class SeenKeys {
  /** Open addressing; 0 is a free slot. */
  #table = new Float64Array(1 << 12);
  #size = 0;

  has(key: string): boolean {
    const number = numberOf(key);
    return this.#table[slotOf(this.#table, number)] === number;
  }

  add(key: string): void {
    if (this.#size * 2 >= this.#table.length) this.#grow();
    const number = numberOf(key);
    const slot = slotOf(this.#table, number);
    if (this.#table[slot] === number) return;
    this.#table[slot] = number;
    this.#size += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#table.length * 2);
    for (const number of this.#table) if (number !== 0) larger[slotOf(larger, number)] = number;
    this.#table = larger;
  }
}

/** The slot of the number, or the free slot for it. The length is a power of two. */
function slotOf(table: Float64Array, number: number): number {
  let slot = number % table.length;
  while (table[slot] !== 0 && table[slot] !== number) slot = (slot + 1) % table.length;
  return slot;
}

function numberOf(key: string): number {
  const bytes = hash('sha256', key, 'buffer');
  return (bytes.readUInt32BE(0) >>> 11) * 2 ** 32 + bytes.readUInt32BE(4) || 1;
}
