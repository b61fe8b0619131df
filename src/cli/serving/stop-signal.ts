/** How a server is told to stop. */

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * One wish to stop may arrive twice: control-C directly and from npm, which passes on what the terminal has sent to
 * both, and a worker gets it from the terminal and from whoever started it.
 */
const sameSignalMs = 300;

/** Resolves at the first signal to stop; a second one ends the process as the signal itself would have. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    for (const [signal, number] of Object.entries(signalNumbers)) {
      process.on(signal, () => {
        const now = performance.now();
        firstAt ??= now;
        if (now - firstAt > sameSignalMs) process.exit(128 + number);
        resolve();
      });
    }
  });
}
