/**
 * The command line: words in, exit code out. Standard output carries the answer alone, with `--json` exactly one
 * JSON value; everything else goes to standard error. 0 is done, 1 is refused, failed or found wrong, 2 is called
 * wrongly.
 */
import { commands } from './cli/catalogue.ts';
import { explain } from './cli/failure.ts';
import { helpFor } from './cli/help.ts';
import { readCommandLine } from './cli/invocation.ts';

/** Runs the program with the words after its name; the exit code. Never rejects. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stdout.on('error', ignoreClosedPipe);
  try {
    const request = readCommandLine(argv, commands, process.env);
    switch (request.kind) {
      case 'help':
        print(helpFor(request.words, commands));
        return 0;
      case 'version':
        print(await version());
        return 0;
      case 'run': {
        const run = await request.command.load();
        const { json, text, notes = [], isFailure = false, meanwhile } = await run(request.invocation);
        print(request.isJson ? JSON.stringify(json) : text);
        remark(notes);
        await meanwhile;
        return isFailure ? 1 : 0;
      }
    }
  } catch (error) {
    const { lines, exitCode } = explain(error);
    remark(lines);
    return exitCode;
  }
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

function remark(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`roster: ${line}\n`);
}

/** A reader that has seen enough, such as `head`, is no failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function version(): Promise<string> {
  const { readVersion } = await import('./cli/program.ts');
  return readVersion();
}
