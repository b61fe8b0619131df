/** Which users an import adds, which rows it leaves out and reports, and what it does not change. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from 'node:test';
import { refused, roster as run } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { setUpLedger, setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';
import { importFile, makeFile, pipeInto } from './program.ts';

const roster = setUpRoster();
const ledger = setUpLedger(roster);

/** Each test has its own tenant, so that it does not count the users of another test. */
async function newTenant(): Promise<Tenant> {
  const tenant = await roster.addOrganization();
  await ledger.mark();
  return tenant;
}

const list = (tenant: Tenant, query = '') =>
  roster.call(`GET /sonar/v1/users${query}`, { bearer: tenant.apiKeys.admin });

describe('an import', () => {
  test('adds users with every column, and one audit event for each', async () => {
    const tenant = await newTenant();
    const file = await makeFile(
      roster.folder,
      'all.csv',
      [
        'external_id,email,first_name,last_name,phone,date_of_birth,language,timezone,role,status,clinical,confirmed_at,created_at',
        'p-1,Ada@Example.com , Ada ,"Love, lace",+1-555-123-4567,1990-05-17,es-MX,europe/london,member,inactive,true,2024-02-03T04:05:06.789+01:00,2023-01-02T03:04:05Z',
        ',,,,,,,,parent,,,,',
        ',,,,,,,,,,,,',
        '',
      ].join('\r\n'),
    );
    const { imported, rejected, skipped, notes } = await importFile(roster.folder, [
      file,
      '--org',
      tenant.id,
    ]);
    assert.deepEqual(
      { imported, rejected, skipped, notes },
      { imported: 2, rejected: 0, skipped: 1, notes: [] },
    );
    const account = `uid:${process.getuid?.()}`;
    await ledger.expect({
      audit: [
        { action: 'user.created', door: 'cli', actor_kind: 'operator', actor_id: account },
        { action: 'user.created', door: 'cli', actor_kind: 'operator', actor_id: account },
      ],
      rows: { users: '+2', imports: '+1' },
    });
    const { items } = await roster.core.work.read(tenant.key, (tx) => tx.users.page({}, 0, 10));
    const [plain, ada] = items;
    assert.partialDeepStrictEqual(ada, {
      appId: tenant.app.appId,
      externalId: 'p-1',
      email: 'Ada@Example.com',
      firstName: 'Ada',
      lastName: 'Love, lace',
      phone: '+1-555-123-4567',
      phoneE164: '+15551234567',
      dateOfBirth: '1990-05-17',
      language: 'es-MX',
      timezone: 'Europe/London',
      role: 'member',
      status: 'inactive',
      wasActive: true,
      isClinical: true,
      isClinicalApproved: false,
      confirmedAt: Date.parse('2024-02-03T03:05:06.789Z'),
      createdAt: Date.parse('2023-01-02T03:04:05Z'),
      updatedAt: Date.parse('2023-01-02T03:04:05Z'),
      passwordHash: null,
      lastLoginAt: null,
    });
    assert.partialDeepStrictEqual(plain, {
      externalId: null,
      email: null,
      firstName: null,
      phone: null,
      language: 'en',
      timezone: 'UTC',
      role: 'parent',
      status: 'active',
      wasActive: true,
      isClinical: false,
      confirmedAt: null,
    });
    assert.ok(Math.abs((plain?.createdAt ?? 0) - Date.now()) < 60_000);
  });

  test('puts users in the order of their creation times, and of the file where these are equal', async () => {
    const tenant = await newTenant();
    const made = await roster.call('POST /sonar/v1/users', {
      bearer: tenant.apiKeys.admin,
      json: { reference_id: 'there' },
    });
    const rows = Array.from({ length: 300 }, (_, at) => {
      const day = String((at * 7) % 28 || 28).padStart(2, '0');
      return { id: `r-${at}`, at: `2020-01-${day}T00:00:00Z`, status: at % 3 === 0 ? 'pending' : 'active' };
    });
    const text = rows.map(({ id, at, status }) => `${id},${at},${status}\n`).join('');
    const file = await makeFile(roster.folder, 'old.csv', `external_id,created_at,status\n${text}`);
    await importFile(roster.folder, [file, '--org', tenant.id]);
    const oldestFirst = rows.toSorted((left, right) =>
      left.at < right.at ? -1 : left.at > right.at ? 1 : 0,
    );
    const expected = ['there', ...oldestFirst.map(({ id }) => id).reverse()];
    const seen: unknown[] = [];
    for (const page of [1, 2, 3, 4]) {
      const reply = await list(tenant, `?page=${page}&per_page=100`);
      assert.equal(reply.at('meta.total'), 301);
      for (let at = 0; reply.at(`data.${at}`) !== undefined; at++)
        seen.push(reply.at(`data.${at}.reference_id`));
    }
    assert.deepEqual(seen, expected);
    assert.equal(made.status, 201);
    const pending = await roster.call('GET /organization/api/v1/users?status=pending', {
      bearer: tenant.apiKeys.admin,
    });
    assert.equal(pending.at('meta.total'), 100);
    const inDirectory = await roster.core.work.read(tenant.key, (tx) =>
      tx.users.listOldestFirst(tenant.app.appId, null, 1_000),
    );
    assert.deepEqual(
      inDirectory.items.map(({ externalId }) => externalId),
      expected.toReversed(),
    );
  });

  test('puts users into the app that is named, and into no other organization', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const file = await makeFile(roster.folder, 'app.csv', 'external_id\nx\n');
    const words = [file, '--org', tenant.id];
    const foreign = await refused(roster.folder, ['import', ...words, '--app', other.app.appId]);
    assert.deepEqual(foreign, { exitCode: 1, lines: ['roster: there is no such app'] });
    await ledger.expect({});
    await importFile(roster.folder, [...words, '--app', tenant.app.appId]);
    assert.equal((await list(tenant)).at('meta.total'), 1);
    assert.equal((await list(other)).at('meta.total'), 0);
    await ledger.mark();
  });

  test('reads NDJSON, also from a pipe without a file name', async () => {
    const tenant = await newTenant();
    const input = '{"external_id":"a","clinical":true}\n{"external_id":"b","email":null}\n{"email":7}\n';
    const words = ['import', '-', '--org', tenant.id, '--rejects', join(roster.folder, 'pipe.csv'), '--json'];
    const { exitCode, stdout, stderr } = await pipeInto(roster.folder, words, input);
    assert.equal(exitCode, 0, stderr);
    assert.partialDeepStrictEqual(JSON.parse(stdout), { imported: 2, rejected: 1 });
    assert.match(stderr, /^roster: --resume [0-9a-f-]{36} resumes/);
    const rejects = await readFile(join(roster.folder, 'pipe.csv'), 'utf8');
    assert.equal(rejects, 'line,field,reason\n3,email,invalid\n');
    await ledger.mark();
  });

  test('skips rows that say nothing, counts them, and ends with 0', async () => {
    const tenant = await newTenant();
    const inputs: readonly (readonly [string, string])[] = [
      [
        'blank.csv',
        'Email,First_Name,Clinical,,\nx@example.com,,TRUE,,\n,,,,\n"","","",,\n  ,\t,,,\n\n,,,,,,,\n',
      ],
      ['blank.tsv', 'sep=\t\nEMAIL\tfirst_name\ny@example.com\tY\n\t\n""\t\n \t \n\t\t\n'],
      [
        'blank.ndjson',
        '{}\n{"email":null}\n{"email":""}\n{"email":" ","phone":null}\n{"email":"z@example.com"}\n',
      ],
    ];
    for (const [name, content] of inputs) {
      const file = await makeFile(roster.folder, name, content);
      const words = [file, '--org', tenant.id];
      const dry = await importFile(roster.folder, [...words, '--dry-run']);
      assert.partialDeepStrictEqual(dry, { imported: 1, rejected: 0, skipped: 4 });
      const { exitCode, stdout } = await run(roster.folder, ['import', ...words]);
      assert.equal(exitCode, 0);
      assert.match(stdout, /^1 user imported, 0 rows rejected, 4 empty rows skipped in [\d.]+ s\n$/);
      assert.partialDeepStrictEqual(await importFile(roster.folder, words), { imported: 1, skipped: 4 });
    }
    const seen = await list(tenant);
    assert.equal(seen.at('meta.total'), 3);
    await ledger.mark();
  });

  test('of nothing but rows that say nothing adds no user', async () => {
    const tenant = await newTenant();
    const rows = 9_000;
    const file = await makeFile(roster.folder, 'nothing.csv', `email,phone\n${',\n'.repeat(rows)}`);
    const said = await importFile(roster.folder, [file, '--org', tenant.id]);
    assert.partialDeepStrictEqual(said, { imported: 0, rejected: 0, skipped: rows, notes: [] });
    await ledger.expect({ rows: { imports: '+1' } });
  });

  test('leaves bad rows out and reports the reason and the line of each', async () => {
    const tenant = await newTenant();
    await roster.call('POST /sonar/v1/users', {
      bearer: tenant.apiKeys.admin,
      json: { reference_id: 'held' },
    });
    await ledger.mark();
    const rows: readonly string[] = [
      'ok-1,one@example.com,,,,,,,,,,',
      'held,two@example.com,,,,,,,,,,',
      'ok-2,ONE@example.com,,,,,,,,,,',
      'ok-1,,,,,,,,,,,',
      'x,not an email,,+1,1999-02-30,e_n,Mars/Base,boss,gone,maybe,yesterday,2999-01-01T00:00:00Z',
      'x,,plain text,,,,,,,,,',
      `${'x'.repeat(256)},,,,,,,,,,,`,
      'nul\0,,,,,,,,,,,',
      'too,few',
      'b"ad,,,,,,,,,,,',
      '"over',
      'two lines","q""@x.example",,,,,,,,,,',
      'ok-3,,,,,,,,,,,',
    ];
    const head =
      'external_id,email,password_hash,phone,date_of_birth,language,timezone,role,status,clinical,confirmed_at,created_at\n';
    const bytes = Buffer.concat([
      Buffer.from(`${head}${rows.join('\n')}\n`),
      Buffer.from([0x61, 0xff]),
      Buffer.from(',,,,,,,,,,,\n'),
    ]);
    const file = await makeFile(roster.folder, 'bad.csv', bytes);
    const { imported, rejected, notes } = await importFile(roster.folder, [file, '--org', tenant.id]);
    assert.deepEqual({ imported, rejected }, { imported: 2, rejected: 11 });
    const rejectsFile = join(roster.folder, 'bad.rejects.csv');
    assert.deepEqual(notes, [`roster: ${rejectsFile} lists the rejected rows and the reasons`]);
    assert.deepEqual((await readFile(rejectsFile, 'utf8')).split('\n'), [
      'line,field,reason',
      '3,external_id,taken',
      '4,email,taken',
      '5,external_id,taken',
      '6,clinical,invalid',
      '6,confirmed_at,invalid',
      '6,created_at,in_future',
      '6,date_of_birth,invalid',
      '6,email,invalid',
      '6,language,invalid',
      '6,phone,invalid',
      '6,role,invalid',
      '6,status,invalid',
      '6,timezone,invalid',
      '7,password_hash,unsupported',
      '8,external_id,too_long',
      '9,external_id,invalid',
      '10,,wrong_columns',
      '11,,malformed',
      '12,email,invalid',
      '12,external_id,invalid',
      '15,,not_utf8',
      '',
    ]);
    assert.equal(statSync(rejectsFile).mode & 0o777, 0o600);
    await ledger.expect({
      audit: [{ action: 'user.created' }, { action: 'user.created' }],
      rows: { users: '+2', imports: '+1' },
    });
  });

  test('that is finished is not repeated, unless it gets another name', async () => {
    const tenant = await newTenant();
    const file = await makeFile(roster.folder, 'once.csv', 'first_name\nA\nB\n');
    const words = [file, '--org', tenant.id];
    await importFile(roster.folder, words);
    await ledger.mark();
    const again = await importFile(roster.folder, words);
    assert.partialDeepStrictEqual(again, { imported: 2, rejected: 0, notes: [] });
    assert.match(again.alreadyFinishedAt ?? '', /^\d{4}-.*Z$/);
    const { exitCode, stdout, stderr } = await run(roster.folder, ['import', ...words]);
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });
    assert.match(
      stdout,
      /^This import was finished at \d{4}-\S+Z and is not repeated: 2 users imported, 0 rows rejected then\. .*--resume\.\n$/,
    );
    await ledger.expect({});
    await importFile(roster.folder, [...words, '--resume', 'once-more']);
    assert.equal((await list(tenant)).at('meta.total'), 4);
    await ledger.mark();
  });
});

test('a dry run says what an import would do, and changes nothing', async () => {
  const tenant = await newTenant();
  await roster.call('POST /sonar/v1/users', { bearer: tenant.apiKeys.admin, json: { reference_id: 'held' } });
  await ledger.mark();
  const text =
    'external_id,email\na,a@example.com\nheld,b@example.com\nb,A@example.com\na,\nc,nonsense\nd\ne,\n';
  const file = await makeFile(roster.folder, 'dry.csv', text);
  const words = [file, '--org', tenant.id];
  const dry = await importFile(roster.folder, [...words, '--dry-run']);
  const said = await readFile(join(roster.folder, 'dry.rejects.csv'), 'utf8');
  await ledger.expect({});
  const wet = await importFile(roster.folder, words);
  assert.deepEqual(
    { imported: dry.imported, rejected: dry.rejected },
    { imported: wet.imported, rejected: wet.rejected },
  );
  assert.equal(wet.imported, 2);
  assert.match(dry.notes.join(), /nothing was imported: this was a dry run/);
  assert.equal(said, await readFile(join(roster.folder, 'dry.rejects.csv'), 'utf8'));
  await ledger.mark();
});

describe('an input that cannot be imported is refused in one line, and nothing changes', () => {
  const refusals: readonly (readonly [string, readonly string[], string, RegExp])[] = [
    [
      'an encoding that is not UTF-8',
      ['wide.csv'],
      '\0e\0m\0a\0i\0l',
      /^roster: the input is UTF-16: save it as UTF-8 .* `iconv -f UTF-16 -t UTF-8`$/,
    ],
    ['lines that end with CR alone', ['old.csv'], 'email\ra\rb\r', /^roster: the lines .* end with CR alone/],
    [
      'unknown columns',
      ['users.csv'],
      'email,Name\na,b\n',
      /^roster: unknown column "Name": there is external_id,/,
    ],
    ['an empty file', ['empty.csv'], '', /^roster: the input is empty/],
    ['a file of another format', ['users.ndjson'], 'email\na\n', /^roster: the first line is no JSON object/],
  ];
  for (const [name, [file = ''], content, message] of refusals) {
    test(name, async () => {
      const tenant = await newTenant();
      const path = await makeFile(roster.folder, file, content);
      const { exitCode, lines } = await refused(roster.folder, ['import', path, '--org', tenant.id]);
      assert.equal(exitCode, 1);
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', message);
      await ledger.expect({});
    });
  }

  test('a missing file, a missing organization', async () => {
    const missing = join(roster.folder, 'missing.csv');
    const { id } = roster.organization;
    assert.match(
      (await refused(roster.folder, ['import', missing, '--org', id])).lines.join(),
      /cannot be read/,
    );
    const file = await makeFile(roster.folder, 'some.csv', 'email\n');
    const nowhere = await refused(roster.folder, ['import', file, '--org', 'org_0']);
    assert.deepEqual(nowhere.lines, ['roster: there is no such organization']);
    await ledger.expect({});
  });
});
