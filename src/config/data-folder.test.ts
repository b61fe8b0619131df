import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ConfigError, type Secrets } from './config.ts';
import { prepareDataFolder, resolveSecrets } from './data-folder.ts';

const unset: Secrets = {
  secret: null,
  oldSecrets: [],
  databaseUrl: null,
  databaseReadUrl: null,
  twilioAuthToken: null,
  smtpUrl: null,
  providerSecrets: {},
};
const isNew = { isNew: true };
const given = 'a-secret-of-the-deployment-0123456789';

let home = '';
let count = 0;
before(() => {
  home = mkdtempSync(join(tmpdir(), 'roster-data-folder-'));
});
after(() => rmSync(home, { recursive: true }));

function freshFolder(): string {
  count += 1;
  const folder = join(home, `data-${count}`);
  prepareDataFolder(folder);
  return folder;
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function assertOneLine(action: () => void, name: string): void {
  assert.throws(
    action,
    (error: unknown) =>
      error instanceof ConfigError && error.faults[0]?.name === name && !error.message.includes('\n'),
  );
}

describe('the data folder', () => {
  test('is created with its parents for the owner alone, and stays empty', () => {
    const folder = join(home, 'deep', 'data');
    prepareDataFolder(folder);
    assert.equal(modeOf(folder), '700');
    assert.deepEqual(readdirSync(folder), []);
  });

  test('keeps the mode it has', () => {
    const folder = freshFolder();
    chmodSync(folder, 0o750);
    prepareDataFolder(folder);
    assert.equal(modeOf(folder), '750');
  });

  test('that is a file, or lies below a file, is one line', () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    assertOneLine(() => prepareDataFolder(file), 'ROSTER_DATA_DIR');
    assertOneLine(() => prepareDataFolder(join(file, 'data')), 'ROSTER_DATA_DIR');
  });

  test('that cannot be written is one line', () => {
    // Also true for root: no process can create a file or a folder there.
    const unwritable = process.platform === 'linux' ? '/proc' : '/dev/fd';
    assertOneLine(() => prepareDataFolder(unwritable), 'ROSTER_DATA_DIR');
    assertOneLine(() => prepareDataFolder(join(unwritable, 'roster', 'data')), 'ROSTER_DATA_DIR');
  });
});

describe('the secret', () => {
  test('is created once, stored with mode 600, and the same at the next start', () => {
    const folder = freshFolder();
    const first = resolveSecrets(folder, unset, isNew);
    assert.ok(first.secret.length >= 32);
    assert.deepEqual(resolveSecrets(folder, unset, isNew), first);
    assert.deepEqual(readdirSync(folder), ['secret']);
    assert.equal(modeOf(join(folder, 'secret')), '600');
  });

  test('is different for each folder', () => {
    assert.notEqual(
      resolveSecrets(freshFolder(), unset, isNew).secret,
      resolveSecrets(freshFolder(), unset, isNew).secret,
    );
  });

  test('that is given is used and not stored', () => {
    const folder = freshFolder();
    assert.deepEqual(resolveSecrets(folder, { ...unset, secret: given }, isNew), {
      secret: given,
      oldSecrets: [],
    });
    assert.deepEqual(readdirSync(folder), []);
  });

  test('that is stored counts as a former one once another is given', () => {
    const folder = freshFolder();
    const kept = resolveSecrets(folder, unset, isNew).secret;
    const resolved = resolveSecrets(folder, { ...unset, secret: given, oldSecrets: ['older'] }, isNew);
    assert.deepEqual(resolved, { secret: given, oldSecrets: ['older', kept] });
  });

  for (const mode of [0o640, 0o660, 0o644, 0o604, 0o620, 0o602, 0o610, 0o601, 0o777]) {
    test(`gets its mode back after a copy that left it ${mode.toString(8)}`, () => {
      const folder = freshFolder();
      const { secret } = resolveSecrets(folder, unset, isNew);
      chmodSync(join(folder, 'secret'), mode);
      assert.equal(resolveSecrets(folder, unset, isNew).secret, secret);
      assert.equal(modeOf(join(folder, 'secret')), '600');
    });
  }

  test('keeps a mode that only its owner has a part in', () => {
    const folder = freshFolder();
    resolveSecrets(folder, unset, isNew);
    chmodSync(join(folder, 'secret'), 0o400);
    resolveSecrets(folder, unset, isNew);
    assert.equal(modeOf(join(folder, 'secret')), '400');
  });

  test('that is damaged is one line, and is not replaced', () => {
    const folder = freshFolder();
    writeFileSync(join(folder, 'secret'), 'half\n');
    assertOneLine(() => resolveSecrets(folder, unset, isNew), 'ROSTER_SECRET');
    assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'half\n');
  });

  test('is the same for processes that start at the same time', async () => {
    const folder = join(home, 'race');
    const program = `
      import { prepareDataFolder, resolveSecrets } from ${JSON.stringify(import.meta.resolve('./data-folder.ts'))};
      while (Date.now() < Number(process.argv[2])) {}
      prepareDataFolder(process.argv[1]);
      console.log(resolveSecrets(process.argv[1], ${JSON.stringify(unset)}, { isNew: true }).secret);`;
    const startAt = String(Date.now() + 600);
    const runs = Array.from({ length: 6 }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '-e', program, folder, startAt]),
    );
    const secrets = new Set((await Promise.all(runs)).map(({ stdout }) => stdout.trim()));
    assert.equal(secrets.size, 1);
    assert.deepEqual(readdirSync(folder), ['secret']);
  });
});
