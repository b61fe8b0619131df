/**
 * Remembers very many keys in little memory: of each the first 53 bits of its SHA-256, in a table of numbers that
 * doubles when it is half full, 16 to 32 bytes a key. Two of ten million keys are taken for the same with a
 * probability of one in two hundred; whoever needs certainty asks the database.
 */
import { hash } from 'node:crypto';

export class SeenKeys {
  /** Open addressing; 0 is a free place. */
  #table = new Float64Array(1 << 12);
  #size = 0;

  has(key: string): boolean {
    const number = numberOf(key);
    return this.#table[placeOf(this.#table, number)] === number;
  }

  add(key: string): void {
    if (this.#size * 2 >= this.#table.length) this.#grow();
    const number = numberOf(key);
    const place = placeOf(this.#table, number);
    if (this.#table[place] === number) return;
    this.#table[place] = number;
    this.#size += 1;
  }

  #grow(): void {
    const larger = new Float64Array(this.#table.length * 2);
    for (const number of this.#table) if (number !== 0) larger[placeOf(larger, number)] = number;
    this.#table = larger;
  }
}

/** Where the number is, or the free place where it belongs. The length is a power of two. */
function placeOf(table: Float64Array, number: number): number {
  let place = number % table.length;
  while (table[place] !== 0 && table[place] !== number) place = (place + 1) % table.length;
  return place;
}

function numberOf(key: string): number {
  const bytes = hash('sha256', key, 'buffer');
  return (bytes.readUInt32BE(0) >>> 11) * 2 ** 32 + bytes.readUInt32BE(4) || 1;
}
