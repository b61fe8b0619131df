/** Every test file is run once by `npm test`: by a pattern of its command, or by a file of `test/processes`. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');

function filesOf(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root });
}

test('every test file is run once by the command for all tests', () => {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const runs = new Map(filesOf('{src,test}/**/*.test.ts').map((file) => [file, 0]));
  const count = (file: string): void => {
    runs.set(file, (runs.get(file) ?? 0) + 1);
  };
  const patterns = [...(scripts['test'] ?? '').matchAll(/'([^']*\.test\.ts[^']*)'/g)].map(
    ([, text = '']) => text,
  );
  for (const pattern of patterns) for (const file of filesOf(pattern)) count(file);
  for (const file of filesOf('test/processes/*.test.ts')) {
    for (const [, pattern = ''] of readFileSync(join(root, file), 'utf8').matchAll(/runSuites\('(.*)'\)/g)) {
      for (const inner of filesOf(pattern)) count(inner);
    }
  }
  assert.deepEqual(
    [...runs].filter(([, times]) => times !== 1),
    [],
  );
});
