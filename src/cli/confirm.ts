/** Asks a person at the terminal to confirm a step that cannot be undone. */
import { createInterface } from 'node:readline/promises';
import { CommandError, type Invocation } from './command.ts';
import type { Terminal } from './password-prompt.ts';
import { oneLine } from './terminal-text.ts';

/**
 * True if the person agrees, or `--yes` was given.
 *
 * @throws {CommandError} without `--yes` and without a terminal.
 */
export async function confirm(
  invocation: Pick<Invocation, 'find'>,
  question: string,
  { stdin, stderr }: Terminal = process,
): Promise<boolean> {
  if (invocation.find('yes') !== undefined) return true;
  if (!stdin.isTTY)
    throw new CommandError(`${question} There is no terminal to ask for confirmation: add --yes to confirm`);
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  try {
    const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    const answer = await Promise.race([
      lines.question(`${oneLine(question)} Type yes to continue: `),
      closed,
    ]);
    return answer.trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
}
