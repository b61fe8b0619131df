/** What follows from a new address or password is in one step, and no other code of the core changes a user. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');

/** The lines of the code that change a user in the store, by file. */
function linesThatChange(): Record<string, readonly string[]> {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts'));
  const found = files.map((path) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n');
    return [
      path,
      lines.filter((line) => /\busers\s*\.update\(/.test(line)).map((line) => line.trim()),
    ] as const;
  });
  return Object.fromEntries(found.filter(([, lines]) => lines.length > 0));
}

test('only one step changes a user, so that no door forgets to tell the proved addresses', () => {
  assert.deepEqual(linesThatChange(), {
    'src/core/directory/user-change.ts': ['const after = await tx.users.update(before, changes);'],
    // Sets no address and no password.
    'src/core/providers/lock-connection.ts': ['await tx.users.update(user, { updatedAt: now });'],
  });
});
