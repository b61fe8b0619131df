/**
 * The ledger of erasures is taken away as a whole, so that an older backup could bring erased people back. A new ledger does
 * not take its place unnoticed.
 */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeFolder, readJson, refused, removeFolder, roster, serve } from '../../cli/program.ts';

const settings = { ROSTER_SECRET: 'a-secret-for-ledgers-that-are-taken-away' };

describe('a ledger that was taken away from its database', () => {
  let folder: string;
  let other: string;
  let path: string;
  let backup: string;
  let apiKey: string;
  let ledger: string;
  let erased: string;

  async function statusIn(there: string): Promise<number> {
    const server = await serve(there, settings);
    const headers = { authorization: `Bearer ${apiKey}` };
    const { status } = await fetch(`${server.url}/sonar/v1/users/${erased}`, { headers });
    await server.stop('SIGTERM');
    return status;
  }

  before(async () => {
    [folder, other] = [await makeFolder(), await makeFolder()];
    path = join(folder, 'erasures.ledger');
    backup = `${folder}.backup`;
    const server = await serve(folder, settings);
    apiKey = server.output.text('apiKey');
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const users = `${server.url}/sonar/v1/users`;
    const added = await fetch(users, { method: 'POST', headers, body: '{}' });
    erased = readJson(await added.text()).text('data.id');
    assert.equal((await roster(folder, ['backup', backup], settings)).exitCode, 0);
    const { authorization } = headers;
    const gone = await fetch(`${users}/${erased}`, { method: 'DELETE', headers: { authorization } });
    assert.equal(gone.status, 204);
    await server.stop('SIGTERM');
    ledger = await readFile(path, 'utf8');
  });
  after(async () => {
    await removeFolder(folder);
    await removeFolder(other);
    await rm(backup, { force: true });
  });

  test('stops the next start and each command, also a second time', async () => {
    await rm(path);
    for (const words of [
      ['serve', '--json'],
      ['check'],
      ['check'],
      ['reseal'],
      ['serve', '--workers', '2'],
    ]) {
      const { exitCode, lines } = await refused(folder, words, { ...settings, PORT: '0' });
      assert.deepEqual([exitCode, lines.length], [1, 1], lines.join('\n'));
      assert.match(lines[0] ?? '', /erasures\.ledger/);
    }
  });

  test('and an older backup does not bring the erased person back in its folder', async () => {
    await rm(path, { force: true });
    const { exitCode, lines } = await refused(folder, ['restore', backup, '--yes'], settings);
    assert.deepEqual([exitCode, lines.length], [1, 1], lines.join('\n'));
    assert.match(lines[0] ?? '', /erasures\.ledger/);
    await writeFile(path, ledger);
    assert.equal((await roster(folder, ['restore', backup, '--yes'], settings)).exitCode, 0);
    assert.equal(await statusIn(folder), 404);
  });

  test('and without it a backup goes on in a new folder, with a new ledger', async () => {
    await rm(path);
    const present = `${folder}.present`;
    assert.equal((await roster(folder, ['backup', present], settings)).exitCode, 0);
    assert.equal((await roster(other, ['restore', present, '--yes'], settings)).exitCode, 0);
    await rm(present);
    assert.equal(await statusIn(other), 404);
    assert.equal(await statusIn(other), 404);
  });
});
