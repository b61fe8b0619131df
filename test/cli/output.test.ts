/** The streams and exit codes: standard output has only the answer, standard error everything else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { makeFolder, refused, removeFolder, roster, rosterJson, start } from './program.ts';

let folder: string;

before(async () => {
  folder = await makeFolder();
});

after(() => removeFolder(folder));

describe('the command line', () => {
  test('a wrong call gets a message of one line with a hint, and exit code 2', async () => {
    const result = await refused(folder, ['key', 'create', '--role', 'admin', '--json']);
    const lines = ['roster: --org ID is missing', 'roster: Try `roster key create --help`.'];
    assert.deepEqual(result, { exitCode: 2, lines });
    assert.equal((await refused(folder, [])).exitCode, 2);
  });

  test('help goes to standard output and ends with exit code 0', async () => {
    const { exitCode, stdout, stderr } = await roster(folder, ['app', 'set', '--help']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /Usage: roster app set APPID \[options\]/);
    assert.ok(!stdout.includes('\u001b'), 'no colours where there is no terminal');
  });

  test('a folder without a directory is refused, and stays unchanged', async () => {
    const nowhere = join(folder, 'mistyped');
    for (const words of [
      ['org', 'list'],
      ['outbox'],
      ['user', 'show', 'usr_1'],
      ['key', 'revoke', 'key_1'],
    ]) {
      const { exitCode, lines } = await refused(folder, [...words, '--data', nowhere]);
      assert.equal(exitCode, 1);
      assert.deepEqual(lines, [`roster: there is no directory in ${nowhere}: \`roster init\` creates one`]);
    }
    assert.ok(!existsSync(nowhere));
  });

  test('migrate reports what it applied, and a second run reports nothing', async () => {
    const fresh = join(folder, 'fresh');
    const first = await rosterJson(fresh, ['migrate']);
    assert.deepEqual(first.names(), ['applied', 'version']);
    assert.equal(first.at('applied'), first.at('version'));
    const second = await rosterJson(fresh, ['migrate']);
    assert.deepEqual(second.value, { applied: 0, version: first.at('version') });
  });

  test('--data takes precedence over ROSTER_DATA_DIR, and people get aligned lines', async () => {
    const other = join(folder, 'other');
    const made = await roster(folder, ['init', '--name', 'Hill', '--data', other]);
    assert.equal(made.exitCode, 0);
    assert.match(
      made.stdout,
      /^Organization {3}org_[0-9a-f]{32} {2}Hill\nApp {12}[0-9a-f]{40}\nApp key {8}[0-9a-f]{40}\nClient secret {2}[0-9a-f]{40}\nAPI key {8}roster_\S+\n$/,
    );
    const listed = await roster(other, ['org', 'list']);
    assert.match(
      listed.stdout,
      /^ID +NAME +CREATED\norg_[0-9a-f]{32} {2}Hill {2}\S+Z\n\n1 organization in all; page 1\n$/,
    );
    assert.ok(!existsSync(join(folder, 'roster.db')));
  });

  test('a closed standard output is not a failure', async () => {
    const child = start(join(folder, 'other'), ['org', 'list']);
    child.stdout.destroy();
    const [stderr, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual([exitCode, stderr], [0, '']);
  });
});
