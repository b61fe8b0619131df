/**
 * What was read in this turn of the event loop, for questions that many requests ask alike, such as whose API key
 * theirs is. The requests of a turn had all come before it, so whatever one of them reads in it is newer than all of
 * them: no answer is older than its request. At the end of the turn, some milliseconds at most, all is forgotten.
 */
export class TurnMemo {
  readonly #found = new Map<string, unknown>();

  /** What was kept under the name in this turn. */
  get<T>(name: string): T | undefined {
    return this.#found.get(name) as T | undefined;
  }

  keep(name: string, found: unknown): void {
    if (this.#found.size === 0) setImmediate(() => this.#found.clear());
    this.#found.set(name, found);
  }
}
