/** Asks a person at the terminal before something is done that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { CommandError, type Invocation } from './command.ts';
import type { Terminal } from './password-prompt.ts';

/**
 * True where the person agrees, or `--yes` was given. Refuses where nobody can be asked.
 *
 * @throws {CommandError} without a terminal.
 */
export async function confirm(
  invocation: Pick<Invocation, 'find'>,
  question: string,
  { stdin, stderr }: Terminal = process,
): Promise<boolean> {
  if (invocation.find('yes') !== undefined) return true;
  if (!stdin.isTTY) throw new CommandError(`${question} Nobody is here to be asked: add --yes to do it`);
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([lines.question(`${question} Type yes to go on: `), closed]);
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}
