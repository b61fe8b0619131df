/** The signals that stop a server. */

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * One control-C may arrive twice: the terminal sends it to npm and to the program, and npm passes it on. A worker gets
 * it from the terminal and from its supervisor.
 */
const sameSignalMs = 300;

/** Resolves with the first signal. A second signal ends the process immediately, with the exit code of that signal. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | null = null;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const now = performance.now();
        firstAt ??= now;
        if (now - firstAt > sameSignalMs) process.exit(128 + signalNumbers[signal]);
        resolve(signal);
      });
    }
  });
}
