/**
 * The command line: words in, exit code out. Only the answer goes to standard output, with `--json` as exactly one JSON
 * value; all other text goes to standard error. Exit code 0 means success, 1 a refusal, a failure or a check that found
 * a fault, and 2 a wrong call.
 */
import { commands } from './cli/catalogue.ts';
import { explain } from './cli/failure.ts';
import { helpFor } from './cli/help.ts';
import { readCommandLine } from './cli/invocation.ts';
import { oneLine, safeJson, safeLines } from './cli/terminal-text.ts';

/** Runs the program with the words after its name, and returns the exit code. Never rejects. */
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
        const { json, text, notes = [], isFailure = false, running } = await run(request.invocation);
        print(request.isJson ? safeJson(JSON.stringify(json)) : safeLines(text));
        printNotes(notes);
        await running;
        return isFailure ? 1 : 0;
      }
    }
  } catch (error) {
    const { lines, exitCode } = explain(error);
    printNotes(lines);
    return exitCode;
  }
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

function printNotes(lines: readonly string[]): void {
  for (const line of lines) process.stderr.write(`roster: ${oneLine(line)}\n`);
}

/** A reader such as `head` may close the pipe before the end; that is not a failure. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

async function version(): Promise<string> {
  const { readVersion } = await import('./cli/program.ts');
  return readVersion();
}
