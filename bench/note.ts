/** Tells on standard error what is going on; standard output has the result alone. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
