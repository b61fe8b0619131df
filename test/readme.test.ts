/** The commands of the README, run without a change on a server after its first start. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder, readJson, removeFolder, serve } from './cli/program.ts';
import { visitDemo } from './support/demo-person.ts';

const root = join(import.meta.dirname, '..');

/** The lines of the code block below that heading. */
function linesBelow(heading: string): readonly string[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, section = ''] = readme.split(`\n## ${heading}\n`);
  const [, block = ''] = section.split(/\n```sh\n|\n```\n/);
  return block.split('\n');
}

test('the demo is five lines that connect a source and erase its person', async (t) => {
  const folder = await makeFolder();
  t.after(() => removeFolder(folder));
  const server = await serve(folder);
  t.after(() => server.stop('SIGTERM'));
  const lines = linesBelow('Connect a source, and erase it all');
  assert.equal(lines.length, 5);

  const { output, url } = server;
  const { PATH = '', HOME = '' } = process.env;
  const variables = {
    ...{ PATH, HOME, ROSTER_DATA_DIR: folder },
    ...{ APP_ID: output.text('app.appId'), APP_KEY: output.text('app.appKey') },
    CLIENT_SECRET: output.text('app.clientSecret'),
  };
  const { host } = new URL(url);
  const paste = async (script: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const words = script
      .join('\n')
      .replaceAll('localhost:8080', host)
      .replaceAll('npx roster', `'${process.execPath}' '${join(root, 'bin', 'roster')}'`);
    const child = spawn('sh', ['-c', words], { cwd: folder, env: { ...variables, ...env } });
    const [printed, complaint, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    assert.equal(exitCode, 0, complaint);
    return printed.trimEnd();
  };

  const [make = '', show = '', list = '', erase = '', erasures = ''] = lines;
  const printed = await paste([make, 'echo "$ME"', show]);
  const [me = '', address = ''] = printed.split('\n');
  assert.match(address, /\/connect\?token=cs_[\w-]+$/);
  const [humanId = ''] = me.split('"');
  assert.match(humanId, /^[0-9a-f]{32}$/);

  // The Connect page does the same when a person connects the demo provider.
  const shown = await fetch(address);
  assert.equal(shown.status, 200);
  const started = await fetch(`${url}/connect/api/connections`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${new URL(address).searchParams.get('token')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ provider: 'demo' }),
  });
  const authUrl = readJson(await started.text()).text('authUrl');
  assert.equal((await visitDemo(authUrl)).status, 200);

  assert.match(await paste([list], { ME: me }), new RegExp(`usr_${humanId} +demo +active`));
  const gone = await paste([erase], { ME: me });
  assert.match(gone, /^HTTP\/1\.1 204/);
  const [, erasureId = ''] = /^x-erasure-id: (era_\w+)/im.exec(gone) ?? [];
  for (const deadline = Date.now() + 20_000; ; await sleep(100)) {
    const rows = await paste([erasures]);
    if (new RegExp(`${erasureId} .*complete`).test(rows)) break;
    assert.ok(Date.now() < deadline, rows);
  }
  assert.equal(await paste([list], { ME: me }), 'There are no connections.');
});
