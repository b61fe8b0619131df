/**
 * The file with the rows that were not imported: for each the line where it begins, the column and the reason. It does
 * not repeat the row, so it holds no personal data; the row stays in the input.
 */
import { fstatSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toCsvLine } from '../../core/transfer/csv.ts';
import type { Reject } from '../../core/transfer/import-progress.ts';
import { CommandError } from '../command.ts';
import { isFile, PrivateFile, type PrivateFileOptions } from './private-file.ts';
import { type Format, formatOf } from './row-cutter.ts';

/** The default path of the rejects: beside the file of the import; for standard input, in the working directory. */
function rejectsPathOf(source: string, format: Format): string {
  if (source === '-') return `import.rejects.${format}`;
  const name = basename(source).replace(/\.(csv|ndjson|jsonl)$/i, '');
  return join(dirname(source), `${name}.rejects.${format}`);
}

/** Throws a `CommandError` where the rejects would replace the file that is imported, also as standard input. */
export function keepInput(source: string, path: string): void {
  const rejects = statSync(path, { throwIfNoEntry: false });
  if (!rejects?.isFile()) return;
  const input = source === '-' ? fstatSync(0) : statSync(source);
  if (input.dev === rejects.dev && input.ino === rejects.ino) {
    throw new CommandError(`${path} is what is imported, and would be replaced by its rejects`);
  }
}

/** The file of the rejects. A default path that another file has gets a number; one that is named is refused instead. */
export interface RejectsOrder extends PrivateFileOptions {
  /** The path that is named; null for the default path. */
  readonly named: string | null;
  /** The input of the import. */
  readonly source: string;
  /** The format of the rejects, unless the name of the file says another. */
  readonly format: Format;
}

/**
 * Writes all rejects; returns the path, or null where there are none. Without rejects only a file that is named is
 * written, and one at the default path that may be replaced is removed.
 */
export async function writeRejects(
  { named, source, format: importFormat, replaces }: RejectsOrder,
  rejects: AsyncIterable<readonly Reject[]>,
): Promise<string | null> {
  const path = named ?? (await freePath(source, { format: importFormat, replaces }));
  const format = formatOf(path) ?? importFormat;
  const file = await PrivateFile.create(path, { replaces });
  let count = 0;
  try {
    if (format === 'csv') await file.write(toCsvLine(['line', 'field', 'reason']));
    for await (const batch of rejects) {
      count += batch.length;
      await file.write(batch.map((reject) => toLine(reject, format)).join(''));
    }
    if (count > 0 || named !== null) await file.keep();
  } catch (error) {
    await file.drop();
    throw error;
  }
  if (count > 0) return path;
  if (named === null) await file.drop();
  if (named === null && replaces) await rm(path, { force: true });
  return null;
}

/** The default path; with a number in its name where a file has it that may not be replaced. */
async function freePath(
  source: string,
  { format, replaces }: Pick<RejectsOrder, 'format' | 'replaces'>,
): Promise<string> {
  const path = rejectsPathOf(source, format);
  for (let number = 1; ; number++) {
    const numbered = number === 1 ? path : path.replace(/\.[a-z]+$/, `-${number}$&`);
    if (replaces || !(await isFile(numbered))) return numbered;
  }
}

function toLine({ line, field, reason }: Reject, format: Format): string {
  if (format === 'csv') return toCsvLine([String(line), field, reason]);
  return `${JSON.stringify({ line, field, reason })}\n`;
}
