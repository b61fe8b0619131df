/** Asks a person at the terminal for a new password, without showing it. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { settings } from '../settings.ts';
import { CommandError } from './command.ts';

/** Asks twice, on standard error. Refuses where there is no terminal, or the two differ. */
export async function askNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CommandError(`set ${settings.adminPassword.name}, or run this on a terminal to be asked`);
  }
  const password = await ask('Password: ');
  if ((await ask('The same again: ')) !== password) throw new CommandError('the two passwords differ');
  return password;
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  // The terminal is in raw mode and readline echoes to its output, so an output that keeps silent hides the typing.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const cancel = (): void => reject(new CommandError('cancelled'));
      lines.once('line', resolve);
      lines.once('SIGINT', cancel);
      lines.once('close', cancel);
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
