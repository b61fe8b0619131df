/** `roster user export`: a folder that only its owner reads, that replaces nothing, and that is verified without a directory. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyExport } from '../../src/cli/commands/people/person-export.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { openLedger } from '../support/server/ledger.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import { refused, rosterJson } from './program.ts';

const roster = setUpRoster();
const admin = setUp(() => roster.addAdmin(roster.organization, 'ada@example.com'));

/** Runs the command in this process, with a data folder that does not exist. */
function verify(manifest: string, jwks: string) {
  const options: Readonly<Record<string, string>> = { jwks };
  return verifyExport({
    command: 'user verify-export',
    argument: manifest,
    find: (option) => options[option],
    get: (option) => options[option] ?? '',
    env: { ROSTER_DATA_DIR: join(roster.folder, 'no-such-folder') },
  });
}

test('an export is written once, for its owner, and every change of it is told', async () => {
  const { userId } = admin;
  const folder = join(roster.folder, 'ada');
  const ledger = await openLedger(roster);
  const said = await rosterJson(roster.folder, ['user', 'export', 'ada@example.com', '--out', folder]);
  await ledger.expect({ audit: [{ action: 'user.exported', door: 'cli', users: 1 }] });
  assert.deepEqual(said.names(), ['id', 'folder', 'files']);
  const names = readdirSync(folder).sort();
  assert.deepEqual(names, JSON.parse(JSON.stringify(said.at('files'))).sort());
  assert.ok(
    ['manifest.json', 'person.json', 'sessions.csv', 'users.csv'].every((name) => names.includes(name)),
  );
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  for (const name of names) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  assert.match(readFileSync(join(folder, 'users.csv'), 'utf8'), /ada@example\.com/);

  const again = await refused(roster.folder, ['user', 'export', userId, '--out', folder]);
  assert.deepEqual(again, {
    exitCode: 1,
    lines: [`roster: ${folder} exists: name a folder that does not exist yet`],
  });

  const path = join(folder, 'manifest.json');
  const jwks = join(roster.folder, 'public-keys.json');
  writeFileSync(jwks, JSON.stringify(await listPublicKeys(roster.core)));
  const valid = await verify(path, jwks);
  const { organization } = roster;
  assert.partialDeepStrictEqual(valid.json, {
    valid: true,
    claims: { user_id: userId, organization: { id: organization.id, name: organization.name } },
  });
  const faultsAfter = async (change: () => void) => {
    change();
    const { json, isFailure } = await verify(path, jwks);
    assert.equal(isFailure, true);
    return json;
  };
  const csv = join(folder, 'users.csv');
  const content = readFileSync(csv, 'utf8');
  const changed = await faultsAfter(() => writeFileSync(csv, content.replace('ada@', 'eve@')));
  assert.deepEqual(changed, {
    ...{ valid: false, reason: 'files', files: [{ file: 'users.csv', fault: 'changed' }] },
  });
  const missing = await faultsAfter(() => rmSync(csv));
  assert.partialDeepStrictEqual(missing, { files: [{ file: 'users.csv', fault: 'missing' }] });
  writeFileSync(csv, content);
  const more = await faultsAfter(() => writeFileSync(join(folder, 'more.csv'), 'a\n'));
  assert.partialDeepStrictEqual(more, { files: [{ file: 'more.csv', fault: 'not_in_manifest' }] });
  const manifest = readFileSync(path, 'utf8');
  const shown = await faultsAfter(() =>
    writeFileSync(path, manifest.replace(userId, `usr_${'0'.repeat(32)}`)),
  );
  assert.deepEqual(shown, { valid: false, reason: 'not_as_signed' });
});
