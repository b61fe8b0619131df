/** Asks a person at the terminal for a new password, without showing it. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { settings } from '../config/settings.ts';
import { CommandError } from './command.ts';

/** Where a person types and reads; the process has both. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
}

/** Asks twice. Refuses where nobody can be asked, the two differ, or the person gives up. */
export async function askNewPassword({ stdin, stderr }: Terminal = process): Promise<string> {
  if (!stdin.isTTY) {
    throw new CommandError(`set ${settings.adminPassword.name}, or run this on a terminal to be asked`);
  }
  // In raw mode nobody but readline echoes what is typed, and this is where it does.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  lines.once('SIGINT', () => lines.close());
  // One reader for both answers: a paste of two lines comes at once.
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
    if ((await ask('The same again: ')) !== password) throw new CommandError('the two passwords differ');
    return password;
  } finally {
    lines.close();
  }
}
