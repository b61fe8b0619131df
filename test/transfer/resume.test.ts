/** An import that is killed resumes where it stopped: every row is imported once, every reject is reported once. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { type Json, makeFolder, removeFolder, roster, rosterJson, serve } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import type { OwnDatabase } from '../support/postgres/postgres.ts';
import { openPostgresRows } from '../support/postgres/postgres-rows.ts';
import { type AnyRows, openRows } from '../support/server/rows.ts';
import { databaseOf, startsOnPostgres } from '../support/server/start.ts';
import { importFile, killWhen, makeFile, pipeInto } from './program.ts';

let folder: string;
let rows: AnyRows;
let database: OwnDatabase | null;

before(async () => {
  folder = await makeFolder();
  database = startsOnPostgres() ? await databaseOf(folder) : null;
  await rosterJson(folder, ['init']);
  rows = database === null ? openRows(folder) : openPostgresRows(database.url);
});

after(async () => {
  await rows.close();
  await removeFolder(folder);
  await database?.drop();
});

const created = "action = 'user.created'";

/** Every seventh row has the external id of the row before it, every eleventh no email that could be one. */
function makeInput(count: number): {
  readonly text: string;
  readonly imported: number;
  readonly rejects: string;
} {
  let text = 'external_id,email\n';
  let rejects = 'line,field,reason\n';
  let imported = 0;
  for (let at = 0; at < count; at++) {
    const line = at + 2;
    const isDouble = at % 7 === 6;
    const isBad = at % 11 === 10;
    text += `x-${isDouble ? at - 1 : at},${isBad ? 'nobody' : `p${at}@example.com`}\n`;
    if (isBad) rejects += `${line},email,invalid\n`;
    // A row is free where the other row with the same id is bad itself.
    else if (isDouble && (at - 1) % 11 !== 10) rejects += `${line},external_id,taken\n`;
    else imported += 1;
  }
  return { text, imported, rejects };
}

async function newOrganization(): Promise<{ readonly id: string; count(): Promise<number> }> {
  const made = await rosterJson(folder, ['org', 'create', '--name', 'Meadow Clinic']);
  const appId = made.text('app.appId');
  const where = `app_key = (select app_key from apps where id = '${appId}')`;
  return { id: made.text('organization.id'), count: async () => rows.count('users', where) };
}

describe('an import that is killed', () => {
  test('resumes with the same command, from a file', async () => {
    const { text, imported, rejects } = makeInput(12_000);
    const file = await makeFile(folder, 'killed.csv', text);
    const organization = await newOrganization();
    const words = [file, '--org', organization.id];
    let killed = 0;
    for (const share of [0.05, 0.3, 0.6]) {
      const isKilled = await killWhen(
        folder,
        ['import', ...words],
        async () => (await organization.count()) > imported * share,
      );
      if (isKilled) killed += 1;
    }
    assert.ok(killed >= 2, 'it was killed in the middle');
    const between = await organization.count();
    assert.ok(between > 0 && between < imported, `${between} of ${imported}`);
    const last = await importFile(folder, words);
    assert.deepEqual(
      { imported: last.imported, rejected: last.rejected },
      { imported, rejected: 12_000 - imported },
    );
    assert.match(last.notes.join(), /resumed an interrupted import/);
    assert.equal(await organization.count(), imported);
    assert.equal(await readFile(join(folder, 'killed.rejects.csv'), 'utf8'), rejects);
    assert.equal(await rows.count('import_rejects'), 0);
    assert.equal(
      (await rows.count('audit_events', created)) + (await rows.count('audit_archive', created)),
      await rows.count('users'),
    );
  });

  test('resumes under its name, from a pipe, and only with the same input', async () => {
    const { text, imported } = makeInput(6_000);
    const organization = await newOrganization();
    const words = [
      'import',
      '-',
      '--org',
      organization.id,
      '--resume',
      'nightly',
      '--rejects',
      join(folder, 'p.csv'),
    ];
    // The input ends in the middle of a row, as when its writer is killed; the rows before it stay.
    const whole = text.lastIndexOf('\n', text.length / 2);
    const file = await makeFile(folder, 'pipe.csv', text);
    const fromFile = ['import', file, ...words.slice(2)];
    const isKilled = await killWhen(
      folder,
      fromFile,
      async () => (await organization.count()) > imported / 4,
    );
    assert.ok(isKilled && whole > 0);
    const other = await pipeInto(folder, words, text.replace('p1@', 'q1@'));
    assert.equal(other.exitCode, 1);
    assert.match(other.stderr, /not the input that the import began with/);
    const { exitCode, stdout, stderr } = await pipeInto(folder, [...words, '--json'], text);
    assert.equal(exitCode, 0, stderr);
    assert.partialDeepStrictEqual(JSON.parse(stdout), { imported, rejected: 6_000 - imported });
    assert.equal(await organization.count(), imported);
  });

  test('leaves exact pages and totals of the users it has added', async () => {
    const { text, imported } = makeInput(8_000);
    const file = await makeFile(folder, 'counts.csv', text);
    const made = await rosterJson(folder, ['org', 'create', '--name', 'Harbour']);
    const words = ['import', file, '--org', made.text('organization.id')];
    const where = `app_key = (select app_key from apps where id = '${made.text('app.appId')}')`;
    await killWhen(folder, words, async () => (await rows.count('users', where)) > imported / 3);
    const present = await rows.count('users', where);
    const server = await serve(folder);
    assert.equal(await totalOf(server.url, made), present);
    await server.stop('SIGTERM');
  });
});

test('of two runs of the same import at the same time, one is refused, and every row is imported once', async () => {
  // Short inputs, so that the runs also meet at the beginning and at the end.
  for (const rows of [8_000, 1, 100, 400]) {
    const { text, imported } = makeInput(rows);
    const file = await makeFile(folder, `twice-${rows}.csv`, text);
    const organization = await newOrganization();
    const words = ['import', file, '--org', organization.id, '--rejects'];
    const rejects = ['first.out', 'second.out'].map((name) => join(folder, `${rows}-${name}`));
    const both = await Promise.all(rejects.map((path) => roster(folder, [...words, path])));
    const refused = both.filter(({ exitCode }) => exitCode === 1);
    for (const { stderr } of refused) assert.match(stderr, /another process is running this import/);
    assert.ok(both.some(({ exitCode }) => exitCode === 0));
    assert.equal(await organization.count(), imported);
  }
});

test('a server on the same data answers and writes while an import runs', async () => {
  const rowsMax = 25_000;
  const text = Array.from({ length: rowsMax }, (_, at) => `busy-${at}\n`).join('');
  const file = await makeFile(folder, 'busy.csv', `external_id\n${text}`);
  const busy = await rosterJson(folder, ['org', 'create', '--name', 'Busy']);
  const server = await serve(folder);
  const headers = { authorization: `Bearer ${busy.text('apiKey')}`, 'content-type': 'application/json' };
  let isRunning = true;
  const running = importFile(folder, [file, '--org', busy.text('organization.id')]).finally(() => {
    isRunning = false;
  });
  let made = 0;
  while (isRunning) {
    const answer = await fetch(`${server.url}/sonar/v1/users`, { method: 'POST', headers, body: '{}' });
    made += 1;
    assert.equal(answer.status, 201);
    await answer.arrayBuffer();
  }
  assert.equal((await running).imported, rowsMax);
  assert.equal(await totalOf(server.url, busy), rowsMax + made);
  await server.stop('SIGTERM');
});

async function totalOf(url: string, made: Json): Promise<unknown> {
  const answer = await fetch(`${url}/sonar/v1/users?per_page=1`, {
    headers: { authorization: `Bearer ${made.text('apiKey')}` },
  });
  const body: { meta: { total: unknown } } = JSON.parse(await answer.text());
  return body.meta.total;
}
