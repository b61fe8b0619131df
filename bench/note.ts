/** Writes the progress to standard error; standard output has only the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
