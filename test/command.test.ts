/** The command as a person starts it: with the Node of the machine. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..');

describe('the command', () => {
  for (const version of ['12.22.12', '20.20.2', '25.9.0']) {
    test(`on Node ${version} fails with a message of one line that names the required version`, () => {
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

  describe('after `npm ci --ignore-scripts`', () => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-scripts-'));
    after(() => rmSync(folder, { recursive: true }));
    for (const name of ['bin', 'src', 'package.json'])
      cpSync(join(root, name), join(folder, name), { recursive: true });
    const command = [join(folder, 'bin', 'roster'), 'serve', '--port', '0', '--data', join(folder, 'data')];

    test('an old Node of the machine says what to run', () => {
      const dependency = join(folder, 'node_modules', 'node');
      mkdirSync(dependency, { recursive: true });
      cpSync(join(root, 'node_modules', 'node', 'package.json'), join(dependency, 'package.json'));
      const disguise = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } })`;
      const options = ['--import', `data:text/javascript,${encodeURIComponent(disguise)}`];
      const { status, stderr } = spawnSync(process.execPath, [...options, ...command], { encoding: 'utf8' });
      assert.equal(status, 1);
      assert.match(stderr, /^roster: needs Node 26 .*: run `npm ci --ignore-scripts=false`\.\n$/);
      rmSync(join(folder, 'node_modules'), { recursive: true });
    });

    test('npx reports what is missing, and builds nothing before', () => {
      const env = { PATH: process.env['PATH'], npm_config_cache: join(folder, 'npm') };
      const { status, stderr } = spawnSync('npx', ['roster', 'serve'], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      assert.equal(status, 1);
      assert.match(stderr, /^roster: .*\. Run `npm ci` first\.$/m);
      assert.doesNotMatch(stderr, /npm error/);
      // The command has made a folder for compiled code there.
      rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    });

    test('a new Node of the machine serves, and the log says how to build the missing page', async () => {
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      const { PATH = '' } = process.env;
      const child = spawn(process.execPath, command, {
        cwd: folder,
        env: { PATH },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.once('data', () => child.kill('SIGTERM'));
      const [log, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
      assert.equal(exitCode, 0, log);
      assert.match(log, /"level":40.*the Connect page is not built: run `npm run build`/);
    });
  });

  test('uses only syntax that an old Node can parse', () => {
    for (const name of ['roster', 'require-node.js']) {
      const text = readFileSync(join(root, 'bin', name), 'utf8');
      assert.doesNotMatch(text, /=>|\bconst\b|\blet\b|\?\.|\?\?|`\$|\basync\b|\bawait\b/, name);
    }
  });

  test('reads settings from a file .env in the current folder; the environment takes precedence', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-env-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const { PATH = '' } = process.env;
    const run = (env: Record<string, string> = {}) =>
      spawnSync(process.execPath, [join(root, 'bin', 'roster'), 'init'], {
        cwd: folder,
        env: { PATH, ...env },
        encoding: 'utf8',
      });
    writeFileSync(
      join(folder, '.env'),
      '# from the example\nROSTER_PUBLIC_URL="nowhere"\nROSTER_DATA_DIR=here\n',
    );
    const refused = run();
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /^roster: ROSTER_PUBLIC_URL must be an http or https URL/);
    writeFileSync(join(folder, '.env'), 'ROSTER_DATA_DIR=here\nROSTER_SECERT=\nROSTER_SPARE=1\n');
    const misspelt = run();
    assert.equal(misspelt.status, 1);
    assert.equal(misspelt.stderr, 'roster: ROSTER_SECERT is not a setting: did you mean ROSTER_SECRET?\n');
    writeFileSync(
      join(folder, '.env'),
      'ROSTER_PUBLIC_URL="nowhere"\nROSTER_DATA_DIR=here\nROSTER_SPARE=1\n',
    );
    const done = run({ ROSTER_PUBLIC_URL: 'https://roster.example.com' });
    assert.deepEqual([done.stderr, done.status], ['', 0], 'a name that resembles no setting is no news here');
    assert.ok(existsSync(join(folder, 'here', 'roster.db')));
  });

  test('reports in one line that a file .env is not readable', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'roster-env-'));
    t.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, '.env'));
    const command = [join(root, 'bin', 'roster'), '--version'];
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /^roster: the file \.env cannot be read \(\w+\)\n$/);
  });

  test('runs on the Node that npm ci installs if it is started through npx', () => {
    const { status, stdout, stderr } = spawnSync('npx', ['roster', '--version'], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal(stdout.trim(), version);
  });
});
