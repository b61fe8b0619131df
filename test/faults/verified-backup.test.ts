/**
 * `roster backup --verify` restores a backup into a scratch folder and checks it there: a sound one passes, also beside a server, and
 * one that could not be restored as a whole does not. Nothing of the data folder changes, and nothing of the scratch folder stays.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { verifyBackup } from '../../src/app/verify-backup.ts';
import { readConfig } from '../../src/config/config.ts';
import { makeFolder, readJson, refused, removeFolder, roster } from '../cli/program.ts';
import { setUpRoster } from '../support/server/set-up.ts';

const run = promisify(execFile);

describe('a backup that is verified', () => {
  const server = setUpRoster();
  let copies: string;
  let file: string;
  const people = 30;
  const optionsOf = (folder = server.folder) => readConfig({ ROSTER_DATA_DIR: folder });

  before(async () => {
    copies = await makeFolder();
    file = join(copies, 'backup.db');
    const bearer = server.organization.apiKeys.admin;
    for (let made = 0; made < people; made += 1) {
      await server.call('POST /sonar/v1/users', { bearer, json: { reference_id: `ref-${made}` } });
    }
  });
  after(() => removeFolder(copies));

  test('is written and verified beside the server, which changes nothing', async () => {
    const before = (await readdir(server.folder)).sort();
    const { exitCode, stdout } = await roster(server.folder, ['backup', file, '--verify', '--json']);
    assert.equal(exitCode, 0);
    assert.partialDeepStrictEqual(JSON.parse(stdout), {
      file,
      verified: true,
      organizations: 1,
      users: people,
      problems: [],
    });
    assert.deepEqual(await readdir(copies), ['backup.db']);
    assert.deepEqual((await readdir(server.folder)).sort(), before);
  });

  test('counts who was erased since, in the copy alone', async () => {
    const bearer = server.organization.apiKeys.admin;
    const [user] = await server.rows.all('users');
    await server.call(`DELETE /sonar/v1/users/usr_${user?.['id']}`, { bearer });
    await server.settle();
    const ledger = await readFile(join(server.folder, 'erasures.ledger'), 'utf8');
    const { erased, users, problems } = await verifyBackup(optionsOf(), file);
    assert.deepEqual({ erased, users, problems }, { erased: 1, users: people - 1, problems: [] });
    assert.equal(await readFile(join(server.folder, 'erasures.ledger'), 'utf8'), ledger);
  });

  test('is told for people, and a file that is there is verified only where that is asked for', async () => {
    const told = await roster(server.folder, ['backup', file, '--verify-only']);
    assert.equal(told.exitCode, 0);
    assert.match(
      told.stdout,
      /^Verified in [\d.]+ s: .* sound, with 29 users in 1 organization; 1 were erased again\.\n$/,
    );
    const { exitCode, lines } = await refused(server.folder, ['backup', file, '--verify']);
    assert.deepEqual([exitCode, lines], [1, [`roster: failed: ${file} is there already`]]);
  });

  test('removes what a killed verification has left', async () => {
    const left = `${file}.verify-left`;
    await mkdir(left);
    await writeFile(join(left, 'roster.db'), 'the data of people');
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    await utimes(left, longAgo, longAgo);
    assert.deepEqual((await verifyBackup(optionsOf(), file)).problems, []);
    assert.deepEqual(await readdir(copies), ['backup.db']);
  });

  async function problemsOf(
    change: (copy: string) => Promise<void>,
    folder?: string,
  ): Promise<readonly string[]> {
    const copy = join(copies, 'changed.db');
    await copyFile(file, copy);
    try {
      await change(copy);
      return (await verifyBackup(optionsOf(folder), copy)).problems;
    } finally {
      await rm(copy, { force: true });
      assert.deepEqual(await readdir(copies), ['backup.db']);
    }
  }

  const sql = (copy: string, text: string): void => {
    const database = new Database(copy);
    database.pragma('foreign_keys = OFF');
    database.exec(text);
    database.close();
  };

  test('is not sound where a page of it is damaged', async () => {
    const problems = await problemsOf(async (copy) => {
      await run('dd', ['if=/dev/urandom', `of=${copy}`, 'bs=4096', 'seek=12', 'count=1', 'conv=notrunc']);
    });
    assert.deepEqual(problems, ['changed.db is damaged: restore another backup']);
  });

  test('is not sound where it is cut, or no database', async () => {
    const half = await problemsOf(async (copy) => {
      await writeFile(copy, (await readFile(copy)).subarray(0, 200_000));
    });
    assert.deepEqual(half, ['changed.db is damaged: restore another backup']);
    const other = await problemsOf(async (copy) => writeFile(copy, 'no database at all'));
    assert.deepEqual(other, ['changed.db is no database of Roster']);
  });

  test('is not sound where its counts are wrong', async () => {
    const problems = await problemsOf(async (copy) => {
      sql(copy, `update users set status = 'inactive' where seq = (select max(seq) from users)`);
    });
    assert.deepEqual(problems, [`the stored counts of ${server.organization.id} are wrong`]);
  });

  test('is not sound where the secret of the folder opens nothing of it, or the ledger is another one', async () => {
    const copy = join(copies, 'folder');
    await mkdir(copy);
    for (const name of ['secret', 'receipt-keys.json'])
      await copyFile(join(server.folder, name), join(copy, name));
    await writeFile(join(copy, 'secret'), `${'x'.repeat(43)}\n`);
    try {
      const { problems } = await verifyBackup(optionsOf(copy), file);
      assert.deepEqual(problems, ['1 sealed texts open with no secret of the settings']);
      const ledger = await readFile(join(server.folder, 'erasures.ledger'), 'utf8');
      await copyFile(join(server.folder, 'secret'), join(copy, 'secret'));
      await writeFile(join(copy, 'erasures.ledger'), ledger.replace('"accepted"', '"xccepted"'));
      const [changed, ...more] = (await verifyBackup(optionsOf(copy), file)).problems;
      assert.deepEqual(more, []);
      assert.match(changed ?? '', new RegExp(`^${copy}/erasures.ledger was changed by another program`));
    } finally {
      await rm(copy, { recursive: true });
    }
  });

  test('that is not sound ends the command with 1', async () => {
    const copy = join(copies, 'changed.db');
    await copyFile(file, copy);
    sql(copy, `update users set status = 'inactive' where seq = (select max(seq) from users)`);
    const { exitCode, stdout } = await roster(server.folder, ['backup', copy, '--verify-only', '--json']);
    assert.equal(exitCode, 1);
    assert.equal(readJson(stdout).at('verified'), false);
    await rm(copy);
  });
});
