/** An export writes every user, oldest first, and an import of it creates the same users. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe } from 'node:test';
import fc from 'fast-check';
import { createUserLines } from '../../src/cli/transfer/user-lines.ts';
import { type NewUser, userRoles, userStatuses } from '../../src/core/directory/user.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { environmentOf, refused, rosterJson, roster as run } from '../cli/program.ts';
import { instants, texts } from '../support/arbitraries.ts';
import { effort, slowTest as test } from '../support/effort.ts';
import { openLedger } from '../support/server/ledger.ts';
import { setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';
import { exportText, importFile, makeFile } from './program.ts';

const roster = setUpRoster();

const rosterFile = join(import.meta.dirname, '..', '..', 'bin', 'roster');

const hash = '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i';

async function add(tenant: Tenant, users: readonly Partial<NewUser>[]): Promise<void> {
  await roster.core.work.change(tenant.key, async (tx) => {
    const base = newUserOf(tenant.app.appId, roster.clock.now());
    for (const traits of users) {
      const { id, number } = newUserOf(tenant.app.appId, 0);
      await tx.users.insert({ ...base, id, number, ...traits });
    }
  });
}

describe('an export', () => {
  test('has every column but the hashes, oldest first, and writes nothing in the directory but its events', async () => {
    const tenant = await roster.addOrganization();
    await add(tenant, [
      { externalId: 'new', createdAt: Date.parse('2026-01-02T03:04:05.678Z'), passwordHash: hash },
      {
        externalId: 'a,"b"\nc',
        email: 'Ada@Example.com',
        firstName: 'Ada',
        lastName: 'Love, lace',
        phone: '+1-555-123-4567',
        phoneE164: '+15551234567',
        dateOfBirth: '1990-05-17',
        language: 'es',
        timezone: 'Europe/London',
        role: 'member',
        status: 'pending',
        isClinical: true,
        confirmedAt: Date.parse('2025-01-01T00:00:00Z'),
        createdAt: Date.parse('2020-01-01T00:00:00Z'),
        passwordHash: hash,
      },
    ]);
    const ledger = await openLedger(roster);
    const words = ['--org', tenant.id];
    assert.equal(
      await exportText(roster.folder, words),
      'external_id,email,first_name,last_name,phone,date_of_birth,language,timezone,role,status,clinical,confirmed_at,created_at\n' +
        `"a,""b""\nc",Ada@Example.com,Ada,"Love, lace",'+1-555-123-4567,1990-05-17,es,Europe/London,member,pending,true,2025-01-01T00:00:00.000Z,2020-01-01T00:00:00.000Z\n` +
        'new,,,,,,en,UTC,parent,active,false,,2026-01-02T03:04:05.678Z\n',
    );
    const json = await exportText(roster.folder, [...words, '--format', 'ndjson', '--with-password-hashes']);
    assert.deepEqual(JSON.parse(json.split('\n')[1] ?? ''), {
      external_id: 'new',
      email: null,
      password_hash: hash,
      first_name: null,
      last_name: null,
      phone: null,
      date_of_birth: null,
      language: 'en',
      timezone: 'UTC',
      role: 'parent',
      status: 'active',
      clinical: false,
      confirmed_at: null,
      created_at: '2026-01-02T03:04:05.678Z',
    });
    const withHashes = await exportText(roster.folder, [...words, '--with-password-hashes']);
    assert.match(withHashes, /^external_id,email,password_hash,first_name/);
    assert.match(withHashes, /^new,,\$2b\$06\$[^,]+,,/m);
    await ledger.expect({ audit: Array(3).fill({ action: 'user.exported', door: 'cli', users: 2 }) });
  });

  test('to a file is complete, readable by its owner only, in the format of its name', async () => {
    const tenant = await roster.addOrganization();
    await add(tenant, [{ externalId: 'x' }, { externalId: 'y' }]);
    const path = join(roster.folder, 'out.jsonl');
    const said = await rosterJson(roster.folder, ['export', '--org', tenant.id, '--out', path]);
    assert.deepEqual(said.names(), ['exported', 'seconds']);
    assert.equal(said.at('exported'), 2);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const ids = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).external_id);
    assert.deepEqual(ids, ['x', 'y']);
  });

  test('in CSV shows formulas as texts, and an import of it gets the values back', async () => {
    const [from, to] = [await roster.addOrganization(), await roster.addOrganization()];
    const names = ['=HYPERLINK("http://evil.example","x")', '+1', '-1', '@SUM(A1)', "'=1", "'tis", '\uFF1D1'];
    await add(
      from,
      names.map((firstName, at) => ({ firstName, externalId: `${firstName} ${at}` })),
    );
    const text = await exportText(roster.folder, ['--org', from.id]);
    const lines = text.trimEnd().split('\n').slice(1);
    for (const line of lines) assert.match(line, /^"?(?!=|\+|-|@|\uFF1D)/);
    assert.ok(lines[0]?.startsWith(`"'=HYPERLINK(""http://`));
    const file = await makeFile(roster.folder, 'formulas.csv', text);
    await importFile(roster.folder, [file, '--org', to.id]);
    const { items } = await roster.core.work.read(to.key, (tx) => tx.users.page({}, 0, 10));
    assert.deepEqual(items.map(({ firstName }) => firstName).sort(), names.toSorted());
    assert.equal(await exportText(roster.folder, ['--org', to.id]), text);
  });

  test('has control characters as they are, and no command shows them to a terminal', async () => {
    const tenant = await roster.addOrganization();
    const firstName = 'E\u001b[2Jv\u009be\u202e\u007f';
    const lastName = '\u001b[1mBold';
    await add(tenant, [{ firstName, lastName, email: 'eve@example.com', role: 'admin' }]);
    const words = ['--org', tenant.id];
    assert.ok((await exportText(roster.folder, words)).includes(`,${firstName},${lastName},`));
    const unsafe = /[\p{Cc}\u202e]/u;
    const shown = await run(roster.folder, ['user', 'show', 'eve@example.com', ...words]);
    assert.match(shown.stdout, /E \[2Jv e +/);
    assert.doesNotMatch(shown.stdout.replaceAll('\n', ''), unsafe);
    const json = await run(roster.folder, ['user', 'show', 'eve@example.com', ...words, '--json']);
    assert.doesNotMatch(json.stdout.trimEnd(), unsafe);
    const value = JSON.stringify(JSON.parse(json.stdout));
    assert.ok(value.includes(JSON.stringify(firstName).slice(1, -1)));
    const [user] = (await roster.core.work.read(tenant.key, (tx) => tx.users.page({}, 0, 10))).items;
    assert.ok(user);
    for (const format of ['csv', 'ndjson'] as const) {
      const line = createUserLines(format, { hasHashes: false, isForTerminal: true }).toLine(user);
      assert.doesNotMatch(line.trimEnd(), unsafe);
      if (format === 'ndjson') assert.partialDeepStrictEqual(JSON.parse(line), { first_name: firstName });
    }
    // `script` runs a command on a terminal, which is another name of `/dev/tty` there.
    for (const out of ['-', '/dev/stdout', '/dev/tty']) {
      const command = [process.execPath, rosterFile, 'export', ...words, '--out', out].join("' '");
      const env = { ...process.env, ...environmentOf(roster.folder, {}) };
      const onTerminal = execFileSync('script', ['-qec', `'${command}'`, '/dev/null'], { env });
      const written = onTerminal.toString().replaceAll('\r\n', '\n').split('\n');
      const line = written.find((each) => each.includes('eve@example.com')) ?? assert.fail(`${written}`);
      assert.doesNotMatch(line.replace(/^.*?(?=,E )/, ''), unsafe, out);
    }
    const { lines } = await refused(roster.folder, ['import', `no\u001b[2J\u009bfile.csv`, ...words]);
    assert.match(lines.join(), /^roster: no \[2J file\.csv cannot be read: ENOENT/);
  });

  test('of an app has only its users, and none of another organization', async () => {
    const [tenant, other] = [await roster.addOrganization(), await roster.addOrganization()];
    const second = await rosterJson(roster.folder, ['app', 'create', '--org', tenant.id, '--name', 'Second']);
    await add(tenant, [{ externalId: 'first' }]);
    await add(tenant, [{ externalId: 'second', appId: second.text('appId') }]);
    const words = ['--org', tenant.id, '--app'];
    assert.match(await exportText(roster.folder, [...words, tenant.app.appId]), /\nfirst,[^\n]*\n$/);
    assert.match(
      await exportText(roster.folder, [...words, second.text('appId')]),
      /^[^\n]*\nsecond,[^\n]*\n$/,
    );
    const foreign = await refused(roster.folder, ['export', ...words, other.app.appId]);
    assert.deepEqual(foreign, { exitCode: 1, lines: ['roster: there is no such app'] });
    assert.equal((await exportText(roster.folder, ['--org', other.id])).split('\n').length, 2);
  });

  test('is refused where two results would go to standard output, or the file cannot be written', async () => {
    const { id } = roster.organization;
    assert.equal((await run(roster.folder, ['export', '--org', id, '--json'])).exitCode, 2);
    const nowhere = join(roster.folder, 'no', 'such', 'folder.csv');
    const { exitCode, lines } = await refused(roster.folder, ['export', '--org', id, '--out', nowhere]);
    assert.equal(exitCode, 1);
    assert.match(lines.join(), /cannot be written: ENOENT/);
  });

  test('goes to standard output with a dash, and replaces a file only with --force', async () => {
    const tenant = await roster.addOrganization();
    await add(tenant, [{ externalId: 'x' }]);
    const words = ['--org', tenant.id];
    const text = await exportText(roster.folder, words);
    for (const dash of [['--out', '-'], ['--out=-'], ['--out', '/dev/stdout'], ['--out', '/dev/fd/1']]) {
      assert.equal(await exportText(roster.folder, [...words, ...dash]), text);
    }
    const path = await makeFile(roster.folder, 'there.csv', 'there');
    const toFile = ['export', ...words, '--out', path];
    assert.deepEqual(await refused(roster.folder, toFile), {
      exitCode: 1,
      lines: [`roster: ${path} exists: add --force to replace it, or name another file`],
    });
    assert.equal(readFileSync(path, 'utf8'), 'there');
    await rosterJson(roster.folder, [...toFile, '--force']);
    assert.equal(readFileSync(path, 'utf8'), text);
    await rosterJson(roster.folder, ['export', ...words, '--out', '/dev/null']);
  });

  test('has each user once, over many batches', async () => {
    const tenant = await roster.addOrganization();
    // Some share a creation time, so that the order of creation decides.
    const users = Array.from({ length: 2_500 }, (_, at) => ({
      externalId: `u-${at}`,
      createdAt: Date.UTC(2020, 0, 1) + Math.floor(at / 7),
    }));
    await add(tenant, users);
    const lines = (await exportText(roster.folder, ['--org', tenant.id])).trimEnd().split('\n').slice(1);
    assert.deepEqual(
      lines.map((line) => line.split(',', 1)[0]),
      users.map(({ externalId }) => externalId),
    );
  });
});

const person = fc.record({
  externalId: fc.option(texts, { nil: null }),
  // An address that looks like an encoded word is refused.
  email: fc.option(
    fc.emailAddress().filter((email) => !/=\?|\?=/.test(email)),
    { nil: null },
  ),
  firstName: fc.option(texts, { nil: null }),
  lastName: fc.option(texts, { nil: null }),
  phone: fc.constantFrom(
    { phone: null, phoneE164: null },
    { phone: '+1-555-123-4567', phoneE164: '+15551234567' },
  ),
  dateOfBirth: fc.constantFrom(null, '1990-05-17', '2000-02-29'),
  language: fc.constantFrom('en', 'es-MX'),
  timezone: fc.constantFrom('UTC', 'America/New_York'),
  role: fc.constantFrom(...userRoles),
  status: fc.constantFrom(...userStatuses),
  isClinical: fc.boolean(),
  confirmedAt: fc.option(
    instants.filter((at) => at < Date.UTC(2026, 0)),
    { nil: null },
  ),
  createdAt: instants.filter((at) => at < Date.UTC(2026, 0)),
  passwordHash: fc.constantFrom(null, hash),
});

test('an export that is imported into another organization gives the same users in the same order', async () => {
  const people = fc.uniqueArray(person, {
    minLength: 1,
    maxLength: 40,
    selector: ({ externalId, email }) => `${externalId} ${email?.toLowerCase()}`,
    comparator: (left, right) => left !== 'null undefined' && left === right,
  });
  const distinct = people.filter((all) => {
    const emails = all.flatMap(({ email }) => (email === null ? [] : [email.toLowerCase()]));
    const ids = all.flatMap(({ externalId }) => (externalId === null ? [] : [externalId]));
    return new Set(emails).size === emails.length && new Set(ids).size === ids.length;
  });
  await fc.assert(
    fc.asyncProperty(distinct, fc.constantFrom('csv', 'ndjson'), async (all, format) => {
      const [from, to] = [await roster.addOrganization(), await roster.addOrganization()];
      await add(
        from,
        all.map(({ phone, ...traits }) => ({ ...traits, ...phone })),
      );
      const ask = (tenant: Tenant) =>
        exportText(roster.folder, ['--org', tenant.id, '--format', format, '--with-password-hashes']);
      const text = await ask(from);
      const file = await makeFile(roster.folder, `trip.${format}`, text);
      const { imported, rejected } = await importFile(roster.folder, [file, '--org', to.id]);
      assert.deepEqual({ imported, rejected }, { imported: all.length, rejected: 0 });
      assert.equal(await ask(to), text);
    }),
    { numRuns: effort({ short: 2, long: 4 }) },
  );
});
