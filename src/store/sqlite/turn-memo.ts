/**
 * Remembers reads within one turn of the event loop that many requests make alike, such as the one for an API key.
 * All requests of a turn have arrived before it, so what one of them reads in it is newer than each of them: no
 * answer is older than its request. At the end of the turn, some milliseconds later at most, the memo is emptied.
 */
export class TurnMemo {
  readonly #found = new Map<string, unknown>();

  /** The value under the name, if one was kept in this turn. */
  get<T>(name: string): T | undefined {
    return this.#found.get(name) as T | undefined;
  }

  keep(name: string, found: unknown): void {
    if (this.#found.size === 0) setImmediate(() => this.#found.clear());
    this.#found.set(name, found);
  }
}
