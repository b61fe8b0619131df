/**
 * Answers refusals at a bounded pace: those of overload, and those that need no place, such as of a wrong credential. A refusal
 * costs little, but a client that gets it at once can ask again at once; many such clients would keep the process busy with
 * refusals alone. So at most `perTick` of them are answered in a tick, and the others wait, oldest first. Static files and
 * health checks of a network that asks too often wait with them.
 */

const tickMs = 10;
const perTick = 20;

export class PacedRefusals {
  readonly #waiting: (() => void)[] = [];
  readonly #max: number;
  #left = perTick;
  #timer: NodeJS.Timeout | null = null;

  /** `max` refusals wait at most; further ones are answered at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Undefined where the refusal may be answered now, else a promise that resolves in its turn. */
  turn(): Promise<void> | undefined {
    this.#timer ??= setTimeout(() => this.#tick(), tickMs).unref();
    if (this.#left > 0) {
      this.#left -= 1;
      return undefined;
    }
    if (this.#waiting.length >= this.#max) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Answers all that wait; the server closes. */
  flush(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #tick(): void {
    const due = this.#waiting.splice(0, perTick);
    for (const resolve of due) resolve();
    this.#left = perTick - due.length;
    this.#timer = due.length > 0 ? setTimeout(() => this.#tick(), tickMs).unref() : null;
  }
}
