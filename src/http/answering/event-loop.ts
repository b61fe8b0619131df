/**
 * The end of the event loop's present turn, when everything that had arrived has been looked at. Answers leave
 * together, at the end of the turn in which they are ready: a reader on the same machine that is waked for each answer
 * alone, and sleeps again, costs both sides more than the answer does.
 */
let ending: Promise<void> | null = null;

/** Resolves at the end of the turn, for everybody who asked in it. */
export function endOfTurn(): Promise<void> {
  ending ??= new Promise((resolve) => {
    setImmediate(() => {
      ending = null;
      resolve();
    });
  });
  return ending;
}
