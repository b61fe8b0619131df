/**
 * The file with the rows that were not imported: for each the line where it begins, the column and the reason. It does
 * not repeat the row, so it holds no personal data; the row stays in the input.
 */
import { fstatSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Reject } from '../../core/transfer/import-progress.ts';
import { CommandError } from '../command.ts';
import { toCsvLine } from './csv.ts';
import { PrivateFile } from './private-file.ts';
import { type Format, formatOf } from './row-cutter.ts';

/** The default path of the rejects: beside the file of the import; for standard input, in the working directory. */
export function rejectsPathOf(source: string, format: Format): string {
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

/** Writes all rejects and replaces an old file; in the format of the file name, or else in the format of the import. */
export async function writeRejects(
  path: string,
  rejects: AsyncIterable<readonly Reject[]>,
  importFormat: Format,
): Promise<void> {
  const format = formatOf(path) ?? importFormat;
  const file = await PrivateFile.create(path);
  try {
    if (format === 'csv') await file.write(toCsvLine(['line', 'field', 'reason']));
    for await (const batch of rejects) {
      await file.write(batch.map((reject) => toLine(reject, format)).join(''));
    }
    await file.keep();
  } catch (error) {
    await file.drop();
    throw error;
  }
}

function toLine({ line, field, reason }: Reject, format: Format): string {
  if (format === 'csv') return toCsvLine([String(line), field, reason]);
  return `${JSON.stringify({ line, field, reason })}\n`;
}
