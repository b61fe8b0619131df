/** The files of a data folder are for their owner alone, whatever the process would otherwise allow. */
import assert from 'node:assert/strict';
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { type LinkedFolder, makeLinkedFolder } from '../erasure/linked-folder.ts';
import { type AuthorizationServer, startAuthorizationServer } from '../providers/authorization-server.ts';

let server: AuthorizationServer;
let linked: LinkedFolder;
let usual: number;
before(async () => {
  // New files would be readable and writable by all.
  usual = process.umask(0);
  server = await startAuthorizationServer();
});
beforeEach(async () => {
  linked = await makeLinkedFolder({ server });
});
afterEach(() => linked.remove());
after(async () => {
  process.umask(usual);
  await server.close();
});

/** What others may do, by the path in the folder. */
async function openToOthers(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await readdir(folder, { recursive: true })) {
    const { mode } = await stat(join(folder, path));
    if ((mode & 0o077) !== 0) found.push(`${path} ${(mode & 0o777).toString(8)}`);
  }
  return found;
}

test('no file is open to others while a directory is used, with a grant that has still to be ended', async () => {
  const running = await linked.start();
  await running.erase(await running.connectUser());
  const names = await readdir(linked.folder);
  for (const name of [
    'roster.db',
    'roster.db-wal',
    'erasures.ledger',
    'erasures.lock',
    'open-grants',
    'lock',
  ])
    assert.ok(names.includes(name), `${name} is not there: ${names}`);
  assert.deepEqual(await openToOthers(linked.folder), []);
  await running.close();
});

for (const mode of [0o640, 0o660, 0o644, 0o604]) {
  test(`a database and locks that a copy has left ${mode.toString(8)} are mended at the start`, async () => {
    for (const name of ['roster.db', 'lock', 'erasures.lock']) await chmod(join(linked.folder, name), mode);
    const running = await linked.start();
    await running.erase(await running.addUser());
    assert.deepEqual(await openToOthers(linked.folder), []);
    await running.close();
  });
}
