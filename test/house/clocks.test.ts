/** The clock of the machine can be set, so few places read it: durations are measured with `performance.now` or `Clock.elapsed`. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

/** Files that read the clock of the machine themselves, and what for. */
const readers: Readonly<Record<string, string>> = {
  'src/core/time.ts': 'the clock of the core',
  'src/http/log.ts': 'the time of a line',
  'src/store/folder/open-grants.ts': 'the age of a file, which the file system dates',
  'src/store/migrations/0015-earlier-proofs.ts': 'the time of a migration',
  'src/store/copies/move.ts': 'the time of a move',
};

test('only the listed files read the clock of the machine', () => {
  const found = globSync('src/**/*.ts', { cwd: root }).filter((path) => {
    const isTest = path.endsWith('.test.ts');
    return (
      !isTest && /\bDate\.now\(|new Date\(\)|\bTemporal\.Now\b/.test(readFileSync(join(root, path), 'utf8'))
    );
  });
  assert.deepEqual(found.sort(), Object.keys(readers).sort());
});
