/** A test that hangs fails with its name, and the others of its run go on. The flags are those of `npm test`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { slowTestMs } from '../support/effort.ts';

const root = join(import.meta.dirname, '..', '..');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const watchdog = './test/support/watchdog.ts';

test('each test has 20 seconds, and each process of tests a watchdog', () => {
  for (const name of ['test', 'test:again', 'check']) {
    assert.match(scripts[name] ?? '', /--test-timeout=20000\b/);
    assert.ok(scripts[name]?.includes(`--import ${watchdog} `), name);
  }
});

const fixtures: Readonly<Record<string, string>> = {
  'waits.test.mjs': `
    import { test } from 'node:test';
    test('waits for what never comes', () => new Promise((resolve) => setTimeout(resolve, 1e9).unref()));
    test('comes after it', () => {});`,
  'spins.test.mjs': `
    import { test } from 'node:test';
    test('comes before it', () => {});
    test('never returns', async () => { await new Promise((resolve) => setTimeout(resolve, 50)); for (;;); });`,
  'stays.test.mjs': `
    import { createServer } from 'node:http';
    import { test } from 'node:test';
    test('leaves a server open', () => { createServer().listen(0); });`,
  'never-begins.test.mjs': `
    import { createServer } from 'node:http';
    createServer().listen(0);
    await new Promise(() => {});`,
  'is-sound.test.mjs': `
    import { test } from 'node:test';
    import { once } from 'node:events';
    import { Worker } from 'node:worker_threads';
    test('is sound', () => {});
    test('has a thread of its own', async () => {
      await once(new Worker('0', { eval: true }), 'exit');
    });`,
};

describe('of a run with tests that hang', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roster-hanging-'));
  let output = '';
  before(
    async () => {
      for (const [name, content] of Object.entries(fixtures)) writeFileSync(join(folder, name), content);
      const files = Object.keys(fixtures).map((name) => join(folder, name));
      const flags = [
        '--import',
        join(root, watchdog),
        '--test',
        '--test-concurrency=5',
        '--test-timeout=3000',
      ];
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const reporters = [
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        `--test-reporter=${join(root, 'test/support/failed-files.ts')}`,
        `--test-reporter-destination=${join(folder, 'failed.txt')}`,
      ];
      const child = spawn(process.execPath, [...flags, ...reporters, ...files], {
        cwd: folder,
        env: { ...env, ROSTER_TEST_HANG_SECONDS: '3' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    },
    { timeout: slowTestMs },
  );
  after(() => rmSync(folder, { recursive: true }));

  test('one that waits is named, and the next one of its file runs', () => {
    assert.match(output, /✖ waits for what never comes/);
    assert.match(output, /test timed out after 3000ms/);
    assert.match(output, /✔ comes after it/);
  });

  test('one that blocks the event loop is named, and its process ends', () => {
    assert.match(output, /spins\.test\.mjs hangs in "never returns": its event loop has been blocked/);
    assert.match(output, /✖ .*spins\.test\.mjs/);
    assert.match(output, /✔ comes before it/);
  });

  test('one that leaves something open is named with what is open, and its process ends', () => {
    assert.match(output, /stays\.test\.mjs hangs after the test "leaves a server open".*TCPServerWrap/);
    assert.match(output, /✖ .*stays\.test\.mjs/);
  });

  test('a file that does not come to its first test is named, and its process ends', () => {
    assert.match(output, /never-begins\.test\.mjs hangs before its first test/);
    assert.match(output, /✖ .*never-begins\.test\.mjs/);
  });

  test('each file of them is in the list of files that failed', () => {
    const failed = readFileSync(join(folder, 'failed.txt'), 'utf8').trimEnd().split('\n');
    const sound = 'is-sound.test.mjs';
    assert.deepEqual(
      failed,
      Object.keys(fixtures)
        .filter((name) => name !== sound)
        .sort(),
    );
  });

  test('the others pass', () => {
    assert.match(output, /✔ is sound/);
    assert.match(output, /✔ has a thread of its own/);
  });
});
