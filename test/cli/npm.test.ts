/** The server that npm starts ends with npm; a server that was detached on purpose stays. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStartedByNpm } from '../../src/cli/serving/npm-end.ts';
import { until } from '../support/server/workers.ts';
import { makeFolder, removeFolder } from './program.ts';

const root = join(import.meta.dirname, '..', '..');
let folder: string;
before(async () => {
  folder = await makeFolder();
});
after(async () => {
  for (const group of groups) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // All processes of the group have ended.
    }
  }
  await removeFolder(folder);
});

/** The process groups that the tests started. A failed test may leave a server in its group. */
const groups = new Set<number>();

interface Npm {
  readonly child: ChildProcess;
  /** What npm and the server have printed so far. */
  printed(): string;
  /** The address of the server. */
  readonly url: string;
}

/** Runs npm in the checkout, in a process group of its own, until the server that it starts is ready. */
async function startNpm(
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Npm> {
  const { PATH = '', HOME = '' } = process.env;
  const [program = '', ...rest] = words;
  const child = spawn(program, rest, {
    cwd: root,
    env: { PATH, HOME, PORT: '0', ROSTER_DATA_DIR: folder, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  groups.add(child.pid ?? 0);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(String(chunk)));
  const address = () => /Address +(\S+)/.exec(chunks.join(''))?.[1];
  await until(() => address() !== undefined || child.exitCode !== null);
  return { child, printed: () => chunks.join(''), url: address() ?? assert.fail(chunks.join('')) };
}

async function isServing(url: string): Promise<boolean> {
  return fetch(`${url}/healthz`).then(
    () => true,
    () => false,
  );
}

describe('npm that is ended', () => {
  const cases: readonly (readonly [words: readonly string[], signal: NodeJS.Signals, reason: RegExp])[] = [
    [['npm', 'start'], 'SIGTERM', /SIGTERM/],
    [['npm', 'start'], 'SIGINT', /SIGINT/],
    [['npm', 'start'], 'SIGKILL', /npm has ended/],
    [['npm', 'run', 'roster', '--', 'serve'], 'SIGTERM', /SIGTERM/],
    [['npx', 'roster', 'serve'], 'SIGTERM', /npm has ended/],
    [['npx', 'roster', 'serve'], 'SIGHUP', /npm has ended/],
    [['npx', 'roster', 'serve', '--workers', '2'], 'SIGTERM', /npm has ended/],
  ];
  for (const [words, signal, reason] of cases) {
    test(`by ${signal} stops the server of \`${words.join(' ')}\` gracefully`, async () => {
      const npm = await startNpm(words);
      // All that hold the output have ended then: npm, its shell and the server.
      const closed = once(npm.child, 'close');
      process.kill(npm.child.pid ?? 0, signal);
      await closed;
      assert.equal(await isServing(npm.url), false);
      assert.match(npm.printed(), new RegExp(`"reason":"(${reason.source})"`));
      assert.match(npm.printed(), /"the server has stopped"|"the server stops"/);
    });
  }
});

test('a server that a script detached stays when npm ends', async () => {
  const go = join(folder, 'go');
  const command = `nohup node bin/roster serve & echo "pid $!"; while ! test -e '${go}'; do sleep 0.1; done`;
  const npm = await startNpm(['npm', 'exec', '-c', command]);
  const [, pid = ''] = /pid (\d+)/.exec(npm.printed()) ?? [];
  const exited = once(npm.child, 'exit');
  await writeFile(go, '');
  await exited;
  await sleep(1_000);
  assert.equal(await isServing(npm.url), true);
  const closed = once(npm.child, 'close');
  process.kill(Number(pid), 'SIGTERM');
  await closed;
});

test('npm starts a server in the foreground only if its script is the server', () => {
  const scripts: readonly (readonly [script: string | undefined, expected: boolean])[] = [
    ['roster', true],
    ["'roster' serve", true],
    ['exec node --max-semi-space-size=16 bin/roster serve', true],
    ['roster migrate && roster serve --port 80 > log 2>&1', true],
    ['/srv/roster/bin/roster serve', true],
    [undefined, false],
    ['node --test', false],
    ['bash', false],
    ['sh /srv/roster/start-in-background.sh', false],
    ['nohup roster serve', false],
    ['setsid roster serve', false],
    ['roster serve &', false],
    ['roster serve > log 2>&1 & disown', false],
  ];
  for (const [script, expected] of scripts) {
    const env = { npm_lifecycle_event: 'start', npm_lifecycle_script: script };
    assert.equal(isStartedByNpm(env), expected, script ?? 'no script');
  }
});
