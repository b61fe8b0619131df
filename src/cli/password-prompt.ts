/** Asks a person at the terminal for a new password, without showing it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { settings } from '../config/settings.ts';
import { CommandError } from './command.ts';

/** The streams on which a person types and reads; the process has both. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
}

/**
 * Asks twice.
 *
 * @throws {CommandError} without a terminal, if the two passwords differ, or if the person cancels.
 */
export async function askNewPassword({ stdin, stderr }: Terminal = process): Promise<string> {
  if (!stdin.isTTY) {
    throw new CommandError(
      `set ${settings.adminPassword.name}, or run this command on a terminal and type the password`,
    );
  }
  // In raw mode readline alone echoes the typed characters; it writes them to this stream, which discards them.
  const discard = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: discard, terminal: true, historySize: 0 });
  lines.once('SIGINT', () => lines.close());
  // One reader for both answers: a paste may bring two lines together.
  const typed = lines[Symbol.asyncIterator]();
  const ask = async (question: string): Promise<string> => {
    stderr.write(question);
    const { value, done } = await typed.next();
    stderr.write('\n');
    if (done) throw new CommandError('cancelled');
    return value;
  };
  try {
    const password = await ask('Password: ');
    if ((await ask('Repeat the password: ')) !== password) throw new CommandError('the two passwords differ');
    return password;
  } finally {
    lines.close();
  }
}
