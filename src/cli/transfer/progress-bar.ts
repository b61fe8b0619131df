/** A line on the terminal that shows the progress and is redrawn in place. Without a terminal it shows nothing. */

export interface Advance {
  /** From 0 to 1; null where the total is not known. */
  readonly share: number | null;
  /** The work done so far, such as `12,000 users`. */
  readonly text: string;
}

const redrawMs = 100;
const width = 24;

export class ProgressBar {
  readonly #terminal: NodeJS.WriteStream;
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(terminal: NodeJS.WriteStream = process.stderr) {
    this.#terminal = terminal;
  }

  show({ share, text }: Advance): void {
    const now = performance.now();
    if (!this.#terminal.isTTY || now - this.#drawnAt < redrawMs) return;
    this.#drawnAt = now;
    this.#terminal.write(`\r\x1b[K${share === null ? '' : `${barOf(share)} `}${text}`);
  }

  /** Clears the line. */
  clear(): void {
    if (this.#terminal.isTTY) this.#terminal.write('\r\x1b[K');
  }
}

function barOf(share: number): string {
  const full = Math.round(Math.min(1, share) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}] ${String(Math.floor(share * 100)).padStart(3)}%`;
}
