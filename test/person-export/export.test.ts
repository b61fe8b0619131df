/** An export of one person shows or names everything that the directory has of the person, and nothing of another. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { operatorAt, type Principal } from '../../src/core/access/principal.ts';
import { subjectsOf } from '../../src/core/access/subject.ts';
import type { User } from '../../src/core/directory/user.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { listPublicKeys } from '../../src/core/erasure/receipt-key.ts';
import { isNotFound, isRefusal } from '../../src/core/errors.ts';
import { newPrefixedId } from '../../src/core/ids.ts';
import { messageContext } from '../../src/core/messaging/message.ts';
import { documentFile, exportPerson } from '../../src/core/person-export/export-person.ts';
import { manifestFile, verifyManifest } from '../../src/core/person-export/manifest.ts';
import { recordAll } from '../../src/core/record/audit-event.ts';
import { toMillisecondText } from '../../src/core/time.ts';
import { fieldValue, splitCsv } from '../../src/core/transfer/csv.ts';
import { inner, undisclosed } from '../../src/store/schema/disclosure.ts';
import { personExport } from '../../src/store/schema/person-export.ts';
import { tables } from '../../src/store/schema/personal-data.ts';
import { leaveTraces } from '../store/users/user-traces.ts';
import type { Row } from '../support/server/rows.ts';
import { setUp, setUpRoster } from '../support/server/set-up.ts';
import type { Tenant } from '../support/server/start.ts';

const roster = setUpRoster();
const person = setUp(() => addPerson(roster.organization, 'ada'));
const neighbour = setUp(() => addPerson(roster.organization, 'grace'));

/** A user with rows in every table that can have one. */
async function addPerson({ key, app }: Tenant, mark: string): Promise<User> {
  const { core } = roster;
  const added = await core.work.change(key, async (tx) => {
    const outcome = await tx.users.insert({
      ...newUserOf(app.appId, core.clock.now()),
      email: `${mark}@example.com`,
      externalId: `external-${mark}`,
      passwordHash: `hash of ${mark}`,
      phone: mark === 'ada' ? '+1 415 555 0101' : '+1 415 555 0102',
      phoneE164: mark === 'ada' ? '+14155550101' : '+14155550102',
    });
    // A formula in a spreadsheet.
    return tx.users.update(outcome, { firstName: `=${mark}`, requestedEmail: `${mark}-new@example.com` });
  });
  const user = added;
  await core.work.change(key, async (tx) => {
    await leaveTraces(tx, user.id, subjectsOf(core.secrets, user));
    // The job deletes an old request that it cannot open; this one it tries again.
    const [, emailDigest = ''] = subjectsOf(core.secrets, user);
    await tx.passwordRequests.insert({
      ...{ id: newPrefixedId('msg'), emailDigest, sealedEmail: 'request-ciphertext', door: 'general' },
      createdAt: core.clock.now(),
    });
    const id = newPrefixedId('msg');
    const content = {
      to: `${mark}@example.com`,
      subject: 'Your code',
      body: `code of ${mark}`,
      code: `c-${mark}`,
    };
    await tx.messages.insert({
      ...{ id, userId: user.id, channel: 'email', template: 'confirmation', isOutboxOnly: false },
      ...{ destination: 'destination-digest', createdAt: core.clock.now() },
      sealedContent: core.secrets.seal(JSON.stringify(content), messageContext({ orgKey: key, id })),
    });
    const [connection] = await tx.connections.listOf(user.id);
    assert.ok(connection);
    await tx.revocations.insert({
      ...{ id: newPrefixedId('rev'), connectionId: connection.id, provider: connection.provider },
      ...{
        sealedGrant: `sealed grant of ${mark}`,
        erasureId: null,
        unanswered: 0,
        nextAttemptAt: core.clock.now(),
      },
      ...{ deadlineAt: core.clock.now() + 1_000_000, createdAt: core.clock.now() },
    });
  });
  return user;
}

async function filesOf(user: User, principal: Principal = operatorAt('cli', roster.organization.key)) {
  const { pieces } = await exportPerson(roster.core, principal, user.id);
  const files = new Map<string, string>();
  for await (const { file, text } of pieces) files.set(file, (files.get(file) ?? '') + text);
  return files;
}

type Document = {
  readonly export: Record<string, unknown>;
  readonly held: readonly { table: string; column: string; why: string }[];
  readonly tables: Readonly<Record<string, readonly Row[]>>;
};

const documentOf = (files: ReadonlyMap<string, string>): Document =>
  JSON.parse(files.get(documentFile) ?? '');

describe('the registry of exports', () => {
  test('shows or holds every column of every table that can name a user', () => {
    for (const [name, rule] of Object.entries(personExport)) {
      const table = Object.entries(tables).find(([each]) => each === name)?.[1];
      assert.ok(table, name);
      if (rule.about === 'none') {
        assert.equal(table.onErase.do, 'keep', `${name} has rows of a user that no export shows`);
        assert.ok(rule.why.length > 10, name);
        continue;
      }
      assert.deepEqual(undisclosed(table.columns, rule.columns), [], name);
      for (const disclosure of Object.values(rule.columns)) {
        if ('why' in disclosure) assert.ok(disclosure.why.length > 10, name);
      }
    }
    for (const [name, { columns }] of Object.entries(tables)) {
      const isPlain = Object.values<string>(columns).every((content) => content === 'plain');
      assert.ok(isPlain || name in personExport, `${name} has no line`);
    }
  });

  test('finds a new personal column that no export shows, and one that is left out as bookkeeping', () => {
    const columns = { ...tables.sessions.columns, device: 'personal', counter: 'plain' } as const;
    assert.deepEqual(undisclosed(columns, personExport.sessions.columns), ['device', 'counter']);
    const rules = { ...personExport.sessions.columns, device: inner, counter: inner };
    assert.deepEqual(undisclosed(columns, rules), ['device']);
  });
});

describe('an export of one person', () => {
  test('has every row about the person, with every column but those that it names as held', async () => {
    const { stored: all, document, text } = await exportAtRest(person);
    let compared = 0;
    for (const [name, rule] of Object.entries(personExport)) {
      if (rule.about === 'none' || rule.namedBy === 'record') continue;
      const stored = all.get(name) ?? [];
      assert.ok(stored.length > 0, `${name} has a row of the person`);
      const shown = document.tables[name] ?? [];
      assert.equal(shown.length, stored.length, name);
      for (const [column, disclosure] of Object.entries(rule.columns)) {
        const values = stored.map((row) => row[column]).filter((value) => value !== null);
        if (disclosure.as === 'inner') continue;
        if (disclosure.as === 'held' || disclosure.as === 'opened') {
          const why = document.held.find((each) => each.table === name && each.column === column)?.why;
          assert.equal(why, disclosure.why, `${name}.${column}`);
          // The group of networks that no account knows is a word, and a message that has ended has no destination.
          const secrets = values.map(String).filter((value) => value !== 'unknown' && value !== '');
          for (const value of secrets) assert.ok(!text.includes(value), `${name}.${column} is told`);
          continue;
        }
        const said = shown.map((row) => row[column] ?? null).filter((value) => value !== null);
        const expected = values.map((value) => shownOf(value, disclosure.as));
        assert.deepEqual(said.map(String).sort(), expected.map(String).sort(), `${name}.${column}`);
        compared += values.length;
      }
    }
    assert.ok(compared > 100, String(compared));
    assert.ok(!text.includes('code of ada') && !text.includes('c-ada'), 'no code of a message');
    const messages = document.tables['messages'] ?? [];
    assert.ok(messages.some(({ to, subject }) => to === 'ada@example.com' && subject === 'Your code'));
    assert.deepEqual(document.export['app'], {
      id: person.appId,
      name: (await roster.core.work.read(person.orgKey, (tx) => tx.apps.find(person.appId)))?.name,
    });
  });

  test('has nothing of another person', async () => {
    const files = await filesOf(person);
    for (const [file, text] of files) {
      for (const known of [neighbour.id, 'grace', String(neighbour.number), '4155550102']) {
        assert.ok(!text.includes(known), `${file} has ${known}`);
      }
    }
  });

  test('has a CSV file for each table with rows, which says the same as the document', async () => {
    const { files, document } = await exportAtRest(person);
    const withRows = Object.entries(document.tables).filter(([, rows]) => rows.length > 0);
    assert.ok(withRows.length > 15);
    const csv = [...files.keys()].filter((name) => name.endsWith('.csv'));
    assert.deepEqual(csv.sort(), withRows.map(([name]) => `${name}.csv`).sort());
    assert.match(files.get('users.csv') ?? '', /,'=ada,/);
    for (const [name, rows] of withRows) {
      const [head = '', ...lines] = recordsOf(files.get(`${name}.csv`) ?? '');
      const columns = splitCsv(head) ?? [];
      const read = lines.map((line) => {
        const cells = (splitCsv(line) ?? []).map(fieldValue);
        return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? null]));
      });
      // The second reading sees the rows of the first one, and in the audit log nothing later than the export.
      const expected = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([key, value]) => [key, value === null ? '' : String(value)]),
        ),
      );
      assert.deepEqual(read.map(sorted), expected.map(sorted), name);
    }
  });

  test('has a manifest that is signed with the key of receipts, and fits every file', async () => {
    const files = await filesOf(person);
    const text = files.get(manifestFile) ?? '';
    const jwks = await listPublicKeys(roster.core);
    const result = verifyManifest(text, jwks);
    assert.ok('claims' in result);
    const { claims } = result;
    const { id, name } = roster.organization;
    assert.partialDeepStrictEqual(claims, {
      ...{ iss: roster.core.issuer(), organization: { id, name }, user_id: `usr_${person.id}` },
      ...{ exported_by: 'operator', door: 'cli' },
    });
    const measured = [...files]
      .filter(([file]) => file !== manifestFile)
      .map(([file, content]) => {
        const bytes = Buffer.byteLength(content);
        return { name: file, bytes, sha256: hash('sha256', content) };
      });
    assert.deepEqual(claims.files, measured);
    const altered = JSON.parse(text);
    altered.manifest.user_id = `usr_${neighbour.id}`;
    assert.deepEqual(verifyManifest(JSON.stringify(altered), jwks), { fault: 'not_as_signed' });
    const signed = altered.signed.replace(/\.[^.]{20}/, `.${'A'.repeat(20)}`);
    assert.deepEqual(verifyManifest(JSON.stringify({ ...altered, signed }), jwks), {
      fault: 'bad_signature',
    });
    assert.deepEqual(verifyManifest(text, { keys: [] }), { fault: 'unknown_key' });
    for (const other of ['', '[]', '{}', 'null', '{"signed": "a.b.c"}']) {
      assert.deepEqual(verifyManifest(other, jwks), { fault: 'malformed' });
    }
  });

  test('has a long history once, in order, and is in it as an act of its actor', async () => {
    const { organization: tenant, core } = roster;
    const user = await core.work.change(tenant.key, (tx) =>
      tx.users.insert(newUserOf(tenant.app.appId, core.clock.now())),
    );
    const operator = operatorAt('cli', tenant.key);
    const begin = core.clock.now() - 2_000;
    for (const archived of [true, false]) {
      for (let at = 0; at < 700; at += 100) {
        await core.work.change(tenant.key, (tx) =>
          recordAll(tx, operator, 'user.synced', Array(100).fill({ kind: 'user', id: user.id }), begin + at),
        );
      }
      if (archived) await core.work.change(tenant.key, (tx) => tx.audit.archive(100_000));
    }
    const done = { kind: 'user', door: 'general', orgKey: tenant.key, userId: user.id } as const;
    const byUser = { ...done, sessionId: 'ses_1', sessionStartedAt: 0, user } as const;
    await core.work.change(tenant.key, (tx) =>
      recordAll(tx, byUser, 'user.updated', [{ kind: 'user', id: neighbour.id }], begin),
    );
    const { tables: shown } = documentOf(await filesOf(user));
    const events = shown['audit_events'] ?? [];
    assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
    assert.equal(events.filter(({ action }) => action === 'user.synced').length, 1_400);
    const about = events.filter(({ subject_id: id }) => id === user.id);
    assert.deepEqual(
      about.map(({ at }) => String(at)),
      about.map(({ at }) => String(at)).toSorted(),
    );
    assert.partialDeepStrictEqual(about.at(-1), {
      ...{ action: 'user.exported', actor_kind: 'operator', door: 'cli', users: 1 },
      actor_id: `uid:${process.getuid?.()}`,
    });
    // The act itself is the person's; the id of the other user is not.
    assert.partialDeepStrictEqual(events.at(-1), {
      ...{ action: 'user.updated', actor_id: user.id, subject_kind: 'user', subject_id: null },
    });
  });

  test('is refused for a user of another organization, and to every principal that may not export', async () => {
    const { key } = await roster.addOrganization();
    await assert.rejects(filesOf(person, operatorAt('cli', key)), (error) => isNotFound(error, 'user'));
    const orgKey = roster.organization.key;
    const principals: readonly Principal[] = [
      { kind: 'api_key', door: 'sonar', orgKey, keyId: 'key_1', role: 'admin' },
      { kind: 'app', door: 'humanapi', orgKey, appId: person.appId },
      { kind: 'public', door: 'general', orgKey },
      {
        kind: 'user',
        door: 'general',
        orgKey,
        userId: person.id,
        sessionId: 's',
        sessionStartedAt: 0,
        user: person,
      },
    ];
    for (const principal of principals) {
      await assert.rejects(
        filesOf(person, principal),
        (error) => isRefusal(error, 'forbidden'),
        principal.kind,
      );
    }
  });
});

/** The rows that name the person, by table. */
async function storedRows(user: User): Promise<Map<string, readonly Row[]>> {
  const names = new Set<unknown>([user.id, ...subjectsOf(roster.core.secrets, user)]);
  for (const { id } of await listConnections(user)) names.add(id);
  const stored = new Map<string, readonly Row[]>();
  for (const [name, rule] of Object.entries(personExport)) {
    if (rule.about === 'none' || rule.namedBy === 'record') continue;
    stored.set(
      name,
      (await roster.rows.all(name)).filter((row) => names.has(row[rule.by])),
    );
  }
  return stored;
}

/** An export during which no job has changed a row of the person, and these rows. */
async function exportAtRest(user: User) {
  for (let stored = await storedRows(user); ; ) {
    const files = await filesOf(user);
    const after = await storedRows(user);
    const document = documentOf(files);
    if (isDeepStrictEqual(stored, after))
      return { stored, files, document, text: files.get(documentFile) ?? '' };
    stored = after;
  }
}

function listConnections({ orgKey, id }: User) {
  return roster.core.work.read(orgKey, (tx) => tx.connections.listOf(id));
}

function shownOf(value: unknown, as: string): unknown {
  if (as === 'time') return toMillisecondText(Number(value));
  return as === 'flag' ? value === 1 : value;
}

/** The records of a CSV file: a line break between quotes does not end one. */
function recordsOf(text: string): readonly string[] {
  const records: string[] = [];
  for (const line of text.slice(0, -1).split('\n')) {
    const last = records.at(-1) ?? '';
    const isOpen = (last.split('"').length - 1) % 2 === 1;
    if (isOpen) records[records.length - 1] = `${last}\n${line}`;
    else records.push(line);
  }
  return records;
}

function sorted(row: Readonly<Record<string, unknown>>): unknown {
  return Object.entries(row).toSorted(([left], [right]) => (left < right ? -1 : 1));
}
