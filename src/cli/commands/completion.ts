/** Prints the script with which a shell completes the words of commands. It reads no directory. */
import type { Command, Handler } from '../command.ts';
import { bashScript } from '../completion/bash-script.ts';
import { completedOf } from '../completion/completed-words.ts';
import { fishScript } from '../completion/fish-script.ts';
import type { Shell } from '../completion/shells.ts';
import { zshScript } from '../completion/zsh-script.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  Shell,
  unknown
>;

/** The handler over the table of commands. */
export function completionOf(commands: readonly Command[]): Handler {
  return async ({ argument }) => {
    const shell = Object.entries(scripts).find(([name]) => name === argument);
    if (shell === undefined) throw new Error(`there is no script for ${argument}`);
    const script = shell[1](completedOf(commands));
    return { json: { shell: argument, script }, text: script };
  };
}
