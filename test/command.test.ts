/** The command as a person starts it: with the Node that the machine happens to have. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');

describe('the command', () => {
  for (const version of ['12.22.12', '20.20.2', '25.9.0']) {
    test(`started by Node ${version} says in one line what it needs, and fails`, () => {
      const disguise = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
      const options = ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`];
      const command = [...options, join(root, 'bin', 'roster'), 'serve'];
      const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        new RegExp(`^roster: needs Node 26 or newer, and this is Node ${version}\\. .*\\n$`),
      );
      assert.match(stderr, /`npm start` or `npx roster`/);
    });
  }

  test('is written so that an old Node can read it', () => {
    for (const name of ['roster', 'require-node.js']) {
      const text = readFileSync(join(root, 'bin', name), 'utf8');
      assert.doesNotMatch(text, /=>|\bconst\b|\blet\b|\?\.|\?\?|`\$|\basync\b|\bawait\b/, name);
    }
  });

  test('runs on the Node that npm ci brings when it is started through npx', () => {
    const { status, stdout, stderr } = spawnSync('npx', ['roster', '--version'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal(stdout.trim(), version);
  });
});
