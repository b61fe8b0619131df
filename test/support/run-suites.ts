/**
 * Runs test files in one process. Most of the time of a short test file is the start of its process, which loads the whole
 * program.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..', '..');

/** Declares a suite for each file that matches the pattern, which is relative to the checkout, with its tests and hooks. */
export function runSuites(pattern: string): void {
  const files = globSync(pattern, { cwd: root }).toSorted();
  if (files.length === 0) throw new Error(`no test file is ${pattern}`);
  // The logger of each server listens for the end of the process.
  process.setMaxListeners(0);
  for (const file of files) {
    describe(file, async () => {
      await import(pathToFileURL(join(root, file)).href);
    });
  }
}
