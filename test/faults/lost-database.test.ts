/**
 * The database or the secret of a data folder is gone. The start says what is missing and creates nothing in its place, and
 * an empty directory begins only when the operator asks for one.
 */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { restoreDirectory } from '../../src/app/backup.ts';
import { createApp } from '../../src/app/create-app.ts';
import { type DirectoryOptions, openDirectory } from '../../src/app/open-directory.ts';
import { ConfigError, readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { deleteUser, newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { completeErasures } from '../../src/core/erasure/complete-erasures.ts';
import { backUp } from '../../src/store/copies/backup.ts';
import { roster } from '../cli/program.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';

const quiet = { ROSTER_LOG_LEVEL: 'silent', HOST: '127.0.0.1', PORT: '0' };

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'roster-lost-'));
});
after(() => rm(home, { recursive: true }));

function optionsOf(folder: string, env: Readonly<Record<string, string>> = {}): DirectoryOptions {
  return readConfig({ ...quiet, ROSTER_DATA_DIR: folder, ...env });
}

/** Begins a directory, and erases so many of its three users. A server has opened it, so it has a key of receipts. */
async function begin(options: DirectoryOptions, erased: number): Promise<void> {
  const app = await createApp(options);
  const { core } = app;
  const { organization, app: first } = await createOrganization(core, 'test', 'Default');
  const { key: orgKey } = organization;
  for (let made = 0; made < 3; made += 1) {
    const user = await core.work.change(orgKey, (tx) => tx.users.insert(newUserOf(first.id, Date.now())));
    if (made < erased) {
      await deleteUser(core, { kind: 'operator', door: 'test', orgKey }, { ref: { id: user.id } });
    }
  }
  await completeErasures(core);
  await app.close();
}

async function isRefused(options: DirectoryOptions, told: RegExp): Promise<void> {
  await assert.rejects(
    openDirectory(options).then((directory) => directory.close()),
    (error: unknown) => error instanceof ConfigError && told.test(error.message),
  );
}

async function organizationsIn(options: DirectoryOptions): Promise<number> {
  const { core, close } = await openDirectory(options);
  const organizations = await core.work.readSystem('operator', (tx) => tx.organizations.list());
  await close();
  return organizations.length;
}

describe('a data folder whose SQLite file is lost', () => {
  let made: string;
  let backup: string;
  before(async () => {
    made = join(home, 'made');
    await begin(optionsOf(made), 2);
    backup = join(home, 'backup.db');
    backUp(made, backup);
  });

  async function lose(...lost: readonly string[]): Promise<string> {
    const folder = await mkdtemp(join(home, 'copy-'));
    await cp(made, folder, { recursive: true });
    for (const name of lost) await rm(join(folder, name), { recursive: true });
    return folder;
  }

  test('is refused with the number of erasures in its ledger, again and again, and stays as it is', async () => {
    const folder = await lose('roster.db');
    const names = await readdir(folder);
    for (let start = 0; start < 2; start += 1) {
      await isRefused(optionsOf(folder), /^ROSTER_DATA_DIR has a ledger of 2 erasures and no database: /);
    }
    assert.deepEqual(await readdir(folder), names);
    for (const words of [['serve'], ['check'], ['init']]) {
      const { exitCode, stderr } = await roster(folder, words, quiet);
      assert.deepEqual([exitCode, stderr.split('\n').length], [1, 2], stderr);
      assert.match(stderr, /a ledger of 2 erasures and no database: put roster\.db back/);
    }
  });

  test('is refused where the file is empty, also in production', async () => {
    const folder = await lose();
    await truncate(join(folder, 'roster.db'));
    const production = {
      ...{ NODE_ENV: 'production', ROSTER_SECRET: 'Vx7mQ2cT9dLkR4sWzP8bNfYgH3jAeU6o' },
      ...{ ROSTER_PUBLIC_URL: 'https://roster.example', ROSTER_SMS: 'twilio' },
      ...{ TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`, TWILIO_AUTH_TOKEN: 'x'.repeat(32) },
      ...{ TWILIO_FROM: '+15005550006', ROSTER_SMS_HOME: 'US', ROSTER_EMAIL: 'smtp' },
      ...{ ROSTER_SMTP_URL: 'smtps://mail.example', ROSTER_EMAIL_FROM: 'roster@example.com' },
    };
    for (const env of [{}, production]) {
      await isRefused(optionsOf(folder, env), /has a ledger of 2 erasures and no database/);
    }
  });

  test('is refused without its ledger too: its public keys and open grants are records of a directory', async () => {
    const other = await lose('roster.db', 'erasures.ledger');
    await isRefused(optionsOf(other), /has the records of a directory and no database/);
    await rm(join(other, 'receipt-keys.json'));
    assert.equal(await organizationsIn(optionsOf(other)), 0, 'a secret alone is no record of a directory');
  });

  test('goes on with a restored backup, and the erased stay erased', async () => {
    const folder = await lose('roster.db');
    await restoreDirectory(optionsOf(folder), backup, async () => true);
    assert.equal(await organizationsIn(optionsOf(folder)), 1);
  });

  test('begins anew when the operator says so, once, and keeps its ledger', async () => {
    const folder = await lose('roster.db');
    const { exitCode, stderr } = await roster(folder, ['init', '--begin-anew'], quiet);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(await organizationsIn(optionsOf(folder)), 1);
    assert.equal((await readdir(folder)).includes('erasures.ledger'), true);
    for (const words of [
      ['init', '--begin-anew'],
      ['serve', '--begin-anew'],
    ]) {
      const again = await roster(folder, words, quiet);
      assert.equal(again.exitCode, 1);
      assert.match(again.stderr, /has a directory: start without --begin-anew/);
    }
  });

  test('is refused without its secret, and gets no other one', async () => {
    const folder = await lose('secret');
    for (let start = 0; start < 2; start += 1) {
      await isRefused(
        optionsOf(folder),
        /^ROSTER_SECRET is not set, and .*secret is missing: put the secret back/,
      );
    }
    assert.ok(!(await readdir(folder)).includes('secret'));
    const given = { ROSTER_SECRET: 'another-secret-than-that-of-the-folder' };
    await assert.rejects(
      openDirectory(optionsOf(folder, given)),
      /names a secret that is not in the settings/,
    );
  });

  test('gets no new secret for a restored backup either', async () => {
    const folder = await lose('roster.db', 'secret', 'erasures.ledger');
    await assert.rejects(
      restoreDirectory(optionsOf(folder), backup, async () => true),
      /ROSTER_SECRET is not set/,
    );
    assert.ok(!(await readdir(folder)).some((name) => name === 'secret' || name === 'roster.db'));
  });

  test('is no lost one where a first start ended early', async () => {
    const folder = await mkdtemp(join(home, 'early-'));
    const app = await createApp(optionsOf(folder));
    await app.close();
    assert.ok((await readdir(folder)).includes('receipt-keys.json'));
    assert.equal(await organizationsIn(optionsOf(folder)), 0);
    const second = await mkdtemp(join(home, 'early-'));
    await writeFile(join(second, 'roster.db'), '');
    assert.equal(await organizationsIn(optionsOf(second)), 0);
  });
});

describe('a data folder whose PostgreSQL database is lost', () => {
  const databases: OwnDatabase[] = [];
  const newDatabase = async (): Promise<OwnDatabase> => {
    const database = await createDatabase();
    databases.push(database);
    return database;
  };
  after(async () => {
    for (const database of databases) await database.drop();
  });

  test('is refused beside an empty database, and begins anew there when the operator says so', async () => {
    const folder = await mkdtemp(join(home, 'postgres-'));
    await begin(optionsOf(folder, { DATABASE_URL: (await newDatabase()).url }), 2);
    const empty = optionsOf(folder, { DATABASE_URL: (await newDatabase()).url });
    for (let start = 0; start < 2; start += 1) {
      await isRefused(
        empty,
        /^DATABASE_URL names a database without a directory, and .* has a ledger of 2 erasures/,
      );
    }
    const begun = await openDirectory({ ...empty, beginsAnew: true });
    await createOrganization(begun.core, 'test', 'Anew');
    await begun.close();
    assert.equal(await organizationsIn(empty), 1);
    await isRefused({ ...empty, beginsAnew: true }, /has a directory: start without --begin-anew/);
  });

  test('and one whose secret is lost is refused, with its folder or with a new one', async () => {
    const folder = await mkdtemp(join(home, 'postgres-'));
    const { url } = await newDatabase();
    await begin(optionsOf(folder, { DATABASE_URL: url }), 0);
    await rm(join(folder, 'secret'));
    const empty = await mkdtemp(join(home, 'postgres-'));
    for (const each of [folder, empty]) {
      await isRefused(optionsOf(each, { DATABASE_URL: url }), /^ROSTER_SECRET is not set/);
      assert.ok(!(await readdir(each)).includes('secret'));
    }
  });
});

describe('keys of receipts that are lost', () => {
  async function warningsOf(options: DirectoryOptions): Promise<readonly string[]> {
    const warnings: string[] = [];
    const none = (): void => {};
    const warn = (_: object, message: string): void => {
      warnings.push(message);
    };
    const app = await createApp({ ...options, logger: { request: none, info: none, error: none, warn } });
    await app.close();
    return warnings;
  }

  test('are written again from the database with a warning, and once', async () => {
    const folder = await mkdtemp(join(home, 'keys-'));
    await begin(optionsOf(folder), 1);
    const path = join(folder, 'receipt-keys.json');
    const text = await readFile(path, 'utf8');
    assert.deepEqual(await warningsOf(optionsOf(folder)), []);
    await rm(path);
    assert.deepEqual(await warningsOf(optionsOf(folder)), [
      'the file of public keys was missing: written again',
    ]);
    assert.equal(await readFile(path, 'utf8'), text);
    assert.deepEqual(await warningsOf(optionsOf(folder)), []);
    await writeFile(path, text.slice(0, 30));
    await assert.rejects(warningsOf(optionsOf(folder)), /receipt-keys.json is no JSON Web Key Set/);
    await rm(path);
    assert.equal((await warningsOf(optionsOf(folder))).length, 1);
  });

  test('under another secret than that of the settings are told where no ledger tells it', async () => {
    const database = await createDatabase();
    const folder = join(home, 'no-folder');
    const options = (secret: string): DirectoryOptions =>
      optionsOf(folder, { DATABASE_URL: database.url, ROSTER_SECRET: secret });
    const [right, other] = ['a-secret-of-a-process-without-folder', 'another-secret-of-such-a-process-00'];
    try {
      await begin(options(right), 0);
      assert.deepEqual(await warningsOf(options(right)), []);
      const [told, ...more] = await warningsOf(options(other));
      assert.match(told ?? '', /^the secret does not open what the database has sealed/);
      assert.deepEqual(more, []);
    } finally {
      await database.drop();
    }
  });
});
