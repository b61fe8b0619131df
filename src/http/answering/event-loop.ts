/**
 * The end of the current turn of the event loop, when every request that had arrived is handled. The server writes
 * all answers of a turn together, at its end: waking a reader on the same machine for each answer alone costs both
 * sides more than the answer itself.
 */
let ending: Promise<void> | null = null;

/** Resolves at the end of the turn; all calls of one turn share the promise. */
export function endOfTurn(): Promise<void> {
  ending ??= new Promise((resolve) => {
    setImmediate(() => {
      ending = null;
      resolve();
    });
  });
  return ending;
}
