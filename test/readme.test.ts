/** The lines of the README and of the banner, pasted without a change into each shell on a terminal. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { makeFolder, readJson, removeFolder, type Serving, serve } from './cli/program.ts';
import { slowTest as test } from './support/effort.ts';
import { ensureProgram, reasonToSkip } from './support/machine/program.ts';
import { visitDemo } from './support/server/demo-person.ts';

const root = join(import.meta.dirname, '..');
const program = `'${process.execPath}' '${join(root, 'bin', 'roster')}'`;

/** The shells, as a person starts them, without a configuration of that person. */
const shells = [
  { name: 'bash', places: ['/usr/bin/bash', '/bin/bash'], options: '--norc -i' },
  { name: 'zsh', places: ['/usr/bin/zsh', '/bin/zsh'], options: '-f -i' },
  { name: 'fish', places: ['/usr/bin/fish'], options: '--no-config -i' },
];

/** The blocks of lines to paste. */
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/\n```sh\n([\s\S]*?)\n```/g)].map(
  ([, block = '']) => block.split('\n'),
);

const complaints =
  /command not found|unknown command|parse error|no matches found|unsupported use|syntax error|bad substitution|expected/i;

let folder: string;
let bin: string;
let server: Serving;
let variables: string;

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
  const { output } = server;
  const of = {
    APP_ID: 'app.appId',
    APP_KEY: 'app.appKey',
    CLIENT_SECRET: 'app.clientSecret',
    API_KEY: 'apiKey',
  };
  // The form of the banner.
  variables = `export ${Object.entries(of)
    .map(([name, path]) => `${name}=${output.text(path)}`)
    .join(' ')}`;
  bin = join(folder, 'bin');
  await mkdir(bin);
  // `npm run roster -- ...` on this directory, and a curl that also prints the status.
  const programs = {
    npm: `shift 3; exec ${program} "$@"`,
    curl: `exec /usr/bin/env PATH='${process.env['PATH']}' curl --write-out '[%{http_code}]' "$@"`,
  };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

for (const { options, ...shell } of shells) {
  /** Pastes the lines into the shell on a terminal; what the terminal shows. */
  const paste = async (lines: readonly string[]): Promise<string> => {
    const { host } = new URL(server.url);
    const pasted = [variables, ...lines].map((line) => `${line.replaceAll('localhost:8080', host)}\n`);
    const terminal = spawn('script', ['-qec', `${ensureProgram(shell)} ${options}`, '/dev/null'], {
      cwd: folder,
      env: { PATH: `${bin}:${process.env['PATH']}`, HOME: folder, TERM: 'dumb', ROSTER_DATA_DIR: folder },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    terminal.stdin.write([...pasted, 'exit\n'].join(''));
    const shown = stripVTControlCharacters(await text(terminal.stdout)).replaceAll('\r', '');
    assert.doesNotMatch(shown, complaints);
    return shown;
  };

  describe(`in ${shell.name}`, { skip: reasonToSkip(shell) }, () => {
    test('the calls of the README reach each contract', async () => {
      const [, calls = []] = blocks;
      assert.equal(calls.length, 4);
      assert.equal((await paste(calls)).match(/\[200\]/g)?.length, 4);
    });

    test('the demo is five lines that connect a source and erase its person', async () => {
      const [, , lines = []] = blocks;
      assert.equal(lines.length, 5);
      const [make = '', show = '', list = '', erase = '', erasures = ''] = lines;
      const shown = await paste([make, show, list]);
      const [, address = ''] = /^(http:\S+\/connect\?token=cs_[\w-]+)$/m.exec(shown) ?? assert.fail(shown);
      await connectDemo(address);
      assert.match(await paste([list]), /usr_[0-9a-f]{32} +demo +active/);
      const gone = await paste([make, erase]);
      assert.match(gone, /HTTP\/1\.1 204/);
      const [, erasureId = ''] = /^x-erasure-id: (era_\w+)/im.exec(gone) ?? assert.fail(gone);
      for (const deadline = Date.now() + 20_000; ; await sleep(100)) {
        const rows = await paste([erasures]);
        if (new RegExp(`${erasureId} .*complete`).test(rows)) break;
        assert.ok(Date.now() < deadline, rows);
      }
      const told = await paste([`npm run roster -- erasure show ${erasureId}`]);
      assert.match(told, /Provider demo +confirmed at \d{4}-/);
      assert.match(await paste([list]), /There are no connections\./);
    });
  });
}

/** Does what the Connect page does when a person connects the demo provider. */
async function connectDemo(address: string): Promise<void> {
  assert.equal((await fetch(address)).status, 200);
  const token = new URL(address).searchParams.get('token');
  const started = await fetch(`${server.url}/connect/api/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'demo' }),
  });
  const authUrl = readJson(await started.text()).text('authUrl');
  assert.equal((await visitDemo(authUrl)).status, 200);
}

test('no line to paste has a comment, which zsh would run as a command', () => {
  assert.equal(blocks.length, 3);
  const folders = ['.', 'docs'].map((folder) => join(root, folder));
  const pages = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const lines = pages
    .filter((page) => page.endsWith('.md'))
    .flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/\n *```sh\n([\s\S]*?)\n *```/g)])
    .flatMap(([, block = '']) => block.split('\n'));
  assert.ok(lines.length > blocks.flat().length);
  for (const line of lines) assert.doesNotMatch(line, /(^|\s)#\s/);
});
