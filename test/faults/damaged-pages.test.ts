/**
 * Pages of the SQLite file are damaged. Who needs them is told that it lasts, all others are served, readiness stays 200 and says
 * that it is degraded, and the log and `roster check` name the pages.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { type App, createApp } from '../../src/app/create-app.ts';
import { readConfig } from '../../src/config/config.ts';
import { createOrganization } from '../../src/core/directory/organization-lifecycle.ts';
import { newUserOf } from '../../src/core/directory/user-lifecycle.ts';
import { toUserIdText, type UserId } from '../../src/core/ids.ts';
import type { Logger } from '../../src/http/log.ts';
import { makeFolder, readJson, removeFolder, roster } from '../cli/program.ts';
import { citus, createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';

const run = promisify(execFile);
const secret = { ROSTER_SECRET: 'a-secret-for-pages-that-are-damaged' };
const people = 400;

let home: string;
let made: string;
let apiKey: string;
let ids: UserId[];

before(async () => {
  home = await makeFolder();
  made = join(home, 'made');
  const app = await open(made);
  const { core } = app;
  const created = await createOrganization(core, 'test', 'Default');
  apiKey = created.apiKey;
  const { key: orgKey } = created.organization;
  ids = await Promise.all(
    Array.from({ length: people }, async (_, at) => {
      const traits = { ...newUserOf(created.app.id, Date.now()), externalId: `ext-${at}` };
      return (await core.work.change(orgKey, (tx) => tx.users.insert(traits))).id;
    }),
  );
  await app.close();
});
after(() => removeFolder(home));

const lines: { readonly message: string; readonly fields: object }[] = [];
const write = (fields: object, message: string): void => {
  lines.push({ fields, message });
};
const logger: Logger = { request: () => {}, info: write, warn: write, error: write };

function open(folder: string, databaseUrl?: string): Promise<App> {
  const env = { ROSTER_DATA_DIR: folder, HOST: '127.0.0.1', PORT: '0', DATABASE_URL: databaseUrl, ...secret };
  return createApp({ ...readConfig(env), logger, watchPauseMs: 20 });
}

/** The numbers of the pages of a table or an index that have no pages below them, as SQLite stores them. */
function leavesOf(folder: string, name: string): number[] {
  const db = new Database(join(folder, 'roster.db'));
  try {
    db.pragma('wal_checkpoint(truncate)');
    const [row] = db
      .prepare<[string], { rootpage: number }>('select rootpage from sqlite_schema where name = ?')
      .all(name);
    const bytes = db.serialize();
    const page = (number: number): Buffer => bytes.subarray((number - 1) * 4096, number * 4096);
    const below = (number: number): number[] => {
      const own = page(number);
      if (own[0] !== 2 && own[0] !== 5) return [number];
      const cells = Array.from({ length: own.readUInt16BE(3) }, (_, at) => own.readUInt16BE(12 + 2 * at));
      return [...cells.map((cell) => own.readUInt32BE(cell)), own.readUInt32BE(8)].flatMap(below);
    };
    return below(row?.rootpage ?? 0);
  } finally {
    db.close();
  }
}

/** Overwrites a page in another process: this one would release SQLite's locks on the file by closing it. */
async function overwrite(folder: string, page: number, source = '/dev/zero'): Promise<void> {
  const words = [`if=${source}`, `of=${join(folder, 'roster.db')}`, 'bs=4096', `seek=${page - 1}`];
  await run('dd', [...words, 'count=1', 'conv=notrunc']);
}

describe('a server on a file with damaged pages', () => {
  let folder: string;
  let app: App;
  let url: string;
  let page: number;
  before(async () => {
    folder = join(home, 'served');
    await cp(made, folder, { recursive: true });
    const leaves = leavesOf(folder, 'users');
    page = leaves[Math.floor(leaves.length / 2)] ?? 0;
    await overwrite(folder, page, '/dev/urandom');
    lines.length = 0;
    app = await open(folder);
    url = await app.listen();
  });
  after(() => app.close());

  const ask = (method: string, path: string, body?: object): Promise<Response> =>
    fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const readyz = async (): Promise<unknown> => (await ask('GET', '/readyz')).json();

  let lost: UserId[];
  test('tells who needs a damaged page that it lasts, and serves all others', async () => {
    assert.deepEqual(await readyz(), { status: 'ready' });
    const statuses = new Map<UserId, number>();
    for (const id of ids) {
      const answer = await ask('GET', `/sonar/v1/users/${toUserIdText(id)}`);
      statuses.set(id, answer.status);
      const text = await answer.text();
      if (answer.status === 200) continue;
      assert.equal(answer.headers.get('retry-after'), null);
      assert.match(text, /A part of the data is damaged: trying again does not help/);
    }
    assert.deepEqual([...new Set(statuses.values())].sort(), [200, 500]);
    lost = ids.filter((id) => statuses.get(id) === 500);
    assert.ok(lost.length > 0 && lost.length < people / 4, `${lost.length} are on the page`);
    assert.equal((await ask('POST', '/sonar/v1/users', {})).status, 201);
  });

  test('names the page in one line of the log, and stays ready, degraded', async () => {
    const isTold = (): boolean => lines.some(({ message }) => message.includes('damaged pages'));
    while (!isTold()) await sleep(20);
    const told = lines.filter(({ message }) => message.includes('damaged pages'));
    assert.deepEqual(told, [
      {
        fields: { pages: [`page ${page} of the table users is damaged`] },
        message: 'the database has damaged pages: run `roster check`',
      },
    ]);
    assert.deepEqual(await readyz(), { status: 'ready', degraded: true, reasons: ['damage'] });
    assert.equal((await ask('GET', '/readyz')).status, 200);
  });

  test('refuses a change that needs the page, and makes those that come with it', async () => {
    const [first] = lost;
    const whole = ids.filter((id) => !lost.includes(id)).slice(0, 6);
    const change = (id: UserId | undefined): Promise<Response> =>
      ask('PATCH', `/sonar/v1/users/${toUserIdText(id ?? ('' as UserId))}`, { first_name: 'Ann' });
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([...whole.slice(0, 3), first, ...whole.slice(3)].map(change));
      const statuses = answers.map(({ status }) => status);
      assert.deepEqual(statuses, [200, 200, 200, 500, 200, 200, 200]);
    }
    const gone = await Promise.all(
      [first, whole[0]].map(async (id) =>
        ask('DELETE', `/sonar/v1/users/${toUserIdText(id ?? ('' as UserId))}`),
      ),
    );
    assert.deepEqual(
      gone.map(({ status }) => status),
      [500, 204],
    );
  });

  test('is told by `roster check` beside the server, with the page, and with exit code 1', async () => {
    const checked = await roster(folder, ['check', '--json'], secret);
    assert.equal(checked.exitCode, 1);
    const found = readJson(checked.stdout);
    assert.equal(found.at('ok'), false);
    assert.ok(found.list('database').includes(`page ${page} of the table users is damaged`));
  });

  test('damaged while it serves, in an index, is told the same way: what needs no index goes on', async () => {
    const [index] = leavesOf(made, 'users_external_id');
    await overwrite(folder, index ?? 0);
    const answers = await Promise.all(
      ids.slice(0, people / 2).map(async (_, at) => {
        const { status } = await ask('GET', `/sonar/v1/users?reference_id=ext-${at}`);
        return status;
      }),
    );
    assert.deepEqual([...new Set(answers)].sort(), [200, 500]);
    const { stdout } = await roster(folder, ['check'], secret);
    assert.match(stdout, new RegExp(`page ${index} of the index users_external_id is damaged`));
  });
});

describe('a file that does not even open', () => {
  for (const [name, table] of [
    ['organizations', 'organizations'],
    ['the list of tables', 'sqlite_schema'],
  ] as const) {
    test(`because ${name} cannot be read is named by the start and by \`roster check\``, async () => {
      const folder = join(home, table);
      await cp(made, folder, { recursive: true });
      const [root] = table === 'sqlite_schema' ? [1] : leavesOf(folder, table);
      await overwrite(folder, root ?? 0, '/dev/urandom');
      const started = await roster(folder, ['serve', '--port', '0'], secret);
      assert.equal(started.exitCode, 1);
      const told = started.stderr.split('\n').filter((line) => line.startsWith('roster: '));
      assert.equal(told.length, 1, started.stderr);
      assert.match(told[0] ?? '', /(is damaged|malformed|not a database): `roster check`/);
      const checked = await roster(folder, ['check'], secret);
      assert.equal(checked.exitCode, 1);
      assert.match(checked.stdout, /The database is damaged; nothing was counted/);
      if (table !== 'sqlite_schema') {
        assert.match(checked.stdout, new RegExp(`page ${root} of the table ${table} is damaged`));
      }
      assert.match(checked.stderr, /restore a damaged database from a backup/);
    });
  }
});

const skip = citus !== undefined && 'on a Citus cluster the pages of the users are files of another machine';

describe('a PostgreSQL database with a damaged page', { skip }, () => {
  const blockBytes = 8192;
  let former: OwnDatabase;
  let damaged: OwnDatabase;
  let folder: string;
  let app: App;
  let url: string;
  let bearer: string;
  let users: UserId[];
  before(async () => {
    former = await createDatabase();
    folder = join(home, 'postgres');
    const first = await open(folder, former.url);
    const created = await createOrganization(first.core, 'test', 'Default');
    bearer = created.apiKey;
    const orgKey = created.organization.key;
    users = await Promise.all(
      Array.from({ length: people }, async () => {
        return (
          await first.core.work.change(orgKey, (tx) => tx.users.insert(newUserOf(created.app.id, Date.now())))
        ).id;
      }),
    );
    await first.close();
    // Without statistics PostgreSQL would read the whole small table for each user.
    await former.query('analyze');
    // A copy of the files: no page of it is in the server's memory yet.
    const server = former.url.replace(/\/\w+$/, '/postgres');
    damaged = await createDatabase({ url: server, template: new URL(former.url).pathname.slice(1) });
    const [file] = await damaged.query(
      `select current_setting('data_directory') || '/' || pg_relation_filepath('users') as path`,
    );
    await run('dd', [
      'if=/dev/urandom',
      `of=${file?.['path']}`,
      `bs=${blockBytes}`,
      'seek=3',
      'count=1',
      'conv=notrunc',
    ]);
    lines.length = 0;
    app = await open(folder, damaged.url);
    url = await app.listen();
  });
  after(async () => {
    await app.close();
    await damaged.drop();
    await former.drop();
  });

  test('tells who needs it that it lasts, serves all others, names the block and is degraded', async () => {
    const ask = (method: string, path: string): Promise<Response> =>
      fetch(`${url}${path}`, { method, headers: { authorization: `Bearer ${bearer}` } });
    const answers = await Promise.all(users.map((id) => ask('GET', `/sonar/v1/users/${toUserIdText(id)}`)));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 500]);
    const lost = users.filter((_, at) => answers[at]?.status === 500);
    assert.ok(lost.length < people / 4, `${lost.length} are on the page`);
    const refused = answers.find(({ status }) => status === 500);
    assert.equal(refused?.headers.get('retry-after'), null);
    assert.match((await refused?.text()) ?? '', /A part of the data is damaged/);
    const whole = users.filter((id) => !lost.includes(id)).slice(0, 4);
    const gone = await Promise.all(
      [whole[0], lost[0], whole[1]].map((id) =>
        ask('DELETE', `/sonar/v1/users/${toUserIdText(id ?? ('' as UserId))}`),
      ),
    );
    assert.deepEqual(
      gone.map(({ status }) => status),
      [204, 500, 204],
    );
    const [told, ...more] = lines.filter(({ message }) => message.includes('damaged pages'));
    assert.deepEqual(more, []);
    assert.match(JSON.stringify(told?.fields), /"block 3 (of|in) (relation|file) [^ ]*base/);
    const ready = await ask('GET', '/readyz');
    assert.equal(ready.status, 200);
    assert.partialDeepStrictEqual(await ready.json(), { degraded: true, reasons: ['damage'] });
  });
});
