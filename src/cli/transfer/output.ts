/** Where an export writes to: a private file that exists only when it is complete, or standard output. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorCodeOf } from '../../core/error-code.ts';
import { type Invocation, UsageError } from '../command.ts';
import { PrivateFile } from './private-file.ts';

/** The names of standard output. The system's names would be opened like a file that exists. */
const standardOutput: ReadonlySet<string> = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

export interface Output {
  readonly isTerminal: boolean;
  write(texts: AsyncIterable<string>): Promise<void>;
}

/** Where `--out` points to. `path` is null for standard output. */
export interface OutputPlace {
  readonly path: string | null;
  readonly replaces: boolean;
}

/** Reads `--out` and `--force`. Refuses `--json` together with standard output, which gets the `things`. */
export function readOutput(invocation: Invocation, command: string, things: string): OutputPlace {
  const path = invocation.find('out') ?? '-';
  const toStdout = standardOutput.has(path);
  if (toStdout && invocation.find('json') !== undefined) {
    throw new UsageError(`--json needs --out FILE: the ${things} go to standard output`, command);
  }
  return { path: toStdout ? null : path, replaces: invocation.find('force') !== undefined };
}

/** Opens the output; a file that exists is refused unless it is to be replaced. */
export async function openOutput({ path, replaces }: OutputPlace): Promise<Output> {
  if (path === null) return { isTerminal: process.stdout.isTTY, write: writeOut };
  const file = await PrivateFile.create(path, { replaces });
  return { isTerminal: file.isTerminal, write: (texts) => writeFile(file, texts) };
}

async function writeFile(file: PrivateFile, texts: AsyncIterable<string>): Promise<void> {
  try {
    for await (const text of texts) await file.write(text);
    await file.keep();
  } catch (error) {
    await file.drop();
    throw error;
  }
}

/** A reader such as `head` may close the pipe before the end; that is not a failure. */
async function writeOut(texts: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(texts), process.stdout, { end: false });
  } catch (error) {
    const code = errorCodeOf(error);
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}
