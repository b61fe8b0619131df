/**
 * Bounds how many password checks of one account run at once, so that parallel guesses cannot slip past the
 * count of wrong ones: together with those already counted there are never more than the free ones under way.
 * Callers beyond that wait for their turn; nothing is refused here.
 */
export class SignInGate {
  readonly #inFlight = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Runs `check` once fewer than `atOnce` (at least one) checks of the subject are under way. */
  async pass<T>(subject: string, atOnce: number, check: () => Promise<T>): Promise<T> {
    while ((this.#inFlight.get(subject) ?? 0) >= Math.max(1, atOnce)) {
      await new Promise<void>((resolve) => {
        const line = this.#waiting.get(subject);
        if (line === undefined) this.#waiting.set(subject, [resolve]);
        else line.push(resolve);
      });
    }
    this.#inFlight.set(subject, (this.#inFlight.get(subject) ?? 0) + 1);
    try {
      return await check();
    } finally {
      const left = (this.#inFlight.get(subject) ?? 1) - 1;
      if (left > 0) this.#inFlight.set(subject, left);
      else this.#inFlight.delete(subject);
      this.#wake(subject);
    }
  }

  #wake(subject: string): void {
    const line = this.#waiting.get(subject);
    if (line === undefined) return;
    const next = line.shift();
    if (line.length === 0) this.#waiting.delete(subject);
    next?.();
  }
}
