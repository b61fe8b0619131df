/**
 * Runs test files in one process. Most of the time of a short test file is the start of its process, which loads the whole
 * program.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..', '..');

/** The test files that match the pattern, which is relative to the checkout, and the address to import each by. */
export function testFilesOf(pattern: string): readonly { readonly file: string; readonly href: string }[] {
  const files = globSync(pattern, { cwd: root }).toSorted();
  if (files.length === 0) throw new Error(`no test file is ${pattern}`);
  return files.map((file) => ({ file, href: pathToFileURL(join(root, file)).href }));
}

/** Declares a suite for each file that matches the pattern, with its tests and hooks. */
export function runSuites(pattern: string): void {
  // The logger of each server listens for the end of the process.
  process.setMaxListeners(0);
  for (const { file, href } of testFilesOf(pattern)) {
    describe(file, async () => {
      await import(href);
    });
  }
}
