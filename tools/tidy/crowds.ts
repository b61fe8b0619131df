/**
 * Folders of the program, its tests and its browser code that hold too many files to be read at a glance. In the program
 * and the browser code, tests beside their subject do not count. Migrations may be more: they are numbered, and stay where
 * they are.
 */
import { posix } from 'node:path';
import type { SourceFile } from './source.ts';

const filesMax = 25;
const isMigration = /^src\/store\/migrations\/\d{4}-/;

/** What is wrong, a sentence each. */
export function crowdFindings(files: readonly Pick<SourceFile, 'path'>[]): string[] {
  const subjects = files.filter(
    ({ path }) =>
      path.startsWith('test/') ||
      (/^(?:src|web)\//.test(path) && !path.endsWith('.test.ts') && !isMigration.test(path)),
  );
  const folders = Map.groupBy(subjects, ({ path }) => posix.dirname(path));
  return [...folders]
    .filter(([, { length }]) => length > filesMax)
    .map(([folder, { length }]) => `${folder} holds ${length} files, more than ${filesMax}`);
}
