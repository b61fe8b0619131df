/** The file with the rows that an import did not take: when it is written, and which file it never replaces. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { refused } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';
import { importFile, makeFile } from './program.ts';

const roster = setUpRoster();
const ledger = setUpLedger(roster);

async function newTenant(): Promise<Tenant> {
  const tenant = await roster.addOrganization();
  await ledger.mark();
  return tenant;
}

describe('a rejects file', () => {
  test('is not written where no row is bad; an old one is removed only with --force', async () => {
    const tenant = await newTenant();
    const old = await makeFile(roster.folder, 'good.rejects.csv', 'of an earlier import');
    const file = await makeFile(roster.folder, 'good.csv', 'external_id\ng\n');
    await importFile(roster.folder, [file, '--org', tenant.id]);
    assert.equal(await readFile(old, 'utf8'), 'of an earlier import');
    assert.equal(existsSync(join(roster.folder, 'good.rejects-2.csv')), false);
    const other = await newTenant();
    await importFile(roster.folder, [file, '--org', other.id, '--force']);
    assert.equal(existsSync(old), false);
    const named = join(roster.folder, 'named.ndjson');
    const again = await newTenant();
    await importFile(roster.folder, [file, '--org', again.id, '--rejects', named]);
    assert.equal(await readFile(named, 'utf8'), '');
    await ledger.mark();
  });

  test('replaces no other file without --force', async () => {
    const tenant = await newTenant();
    const file = await makeFile(roster.folder, 'faulty.csv', 'email\nnobody\n');
    const old = await makeFile(roster.folder, 'faulty.rejects.csv', 'old');
    await makeFile(roster.folder, 'faulty.rejects-2.csv', 'old');
    const words = [file, '--org', tenant.id];
    const content = 'line,field,reason\n2,email,invalid\n';
    const third = join(roster.folder, 'faulty.rejects-3.csv');
    assert.deepEqual((await importFile(roster.folder, words)).notes, [
      `roster: ${third} lists the rejected rows and the reasons`,
    ]);
    assert.deepEqual([await readFile(third, 'utf8'), await readFile(old, 'utf8')], [content, 'old']);
    await ledger.mark();
    for (const more of [[], ['--dry-run']]) {
      const named = ['import', ...words, '--resume', 'named', '--rejects', old, ...more];
      assert.deepEqual(await refused(roster.folder, named), {
        exitCode: 1,
        lines: [`roster: ${old} exists: add --force to replace it, or name another file`],
      });
    }
    await ledger.expect({});
    assert.equal(await readFile(old, 'utf8'), 'old');
    const named = [...words, '--resume', 'named', '--rejects', old];
    await importFile(roster.folder, [...named, '--force']);
    assert.equal(await readFile(old, 'utf8'), content);
    assert.ok((await importFile(roster.folder, named)).alreadyFinishedAt, 'its own rejects are no obstacle');
    await ledger.mark();
  });

  test('never replaces the input, also under another name', async () => {
    const content = 'email\nnobody\n';
    const file = await makeFile(roster.folder, 'both.csv', content);
    const link = join(roster.folder, 'linked.csv');
    await symlink(file, link);
    for (const rejects of [file, link]) {
      const words = ['import', file, '--org', roster.organization.id, '--rejects', rejects];
      for (const more of [[], ['--dry-run']]) {
        const { lines } = await refused(roster.folder, [...words, ...more]);
        assert.deepEqual(lines, [
          `roster: ${rejects} is what is imported, and would be replaced by its rejects`,
        ]);
        assert.equal(await readFile(file, 'utf8'), content);
      }
    }
    await ledger.expect({});
  });
});
