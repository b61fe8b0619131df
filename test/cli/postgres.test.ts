/** The commands of an operator who moves a directory to PostgreSQL: `move`, also killed in between, and `check`. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/open-store.ts';
import { newUser } from '../store/harness.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import {
  endStarted,
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  rosterJson,
  serve,
  start,
} from './program.ts';

const users = 40_000;

describe('a move to PostgreSQL', () => {
  let folder: string;
  let database: OwnDatabase;
  let apiKey: string;
  let onPostgres: Readonly<Record<string, string>>;

  before(async () => {
    folder = await makeFolder();
    database = await createDatabase();
    onPostgres = { DATABASE_URL: database.url };
    const made = await rosterJson(folder, ['init']);
    apiKey = made.text('apiKey');
    const store = openStore({ dataDir: folder });
    const app = await store.readSystem('operator', (tx) => tx.apps.findFirst());
    assert.ok(app !== null);
    await store.change(app.orgKey, async (tx) => {
      const list = Array.from({ length: users }, (_, createdAt) => newUser({ appId: app.id }, { createdAt }));
      await tx.users.insertAll(list);
    });
    await store.close();
  });
  after(async () => {
    endStarted();
    await removeFolder(folder);
    await database.drop();
  });

  const moving = ['move', '--to'];

  /** The number of users that are copied so far. */
  async function copied(): Promise<number> {
    const [table] = await database.query(`select to_regclass('roster_move') is not null as there`);
    if (table?.['there'] !== true) return 0;
    const [row] = await database.query(`select copied from roster_move where table_name = 'users'`);
    return Number(row?.['copied'] ?? 0);
  }

  /** The transaction that wrote the first user. */
  async function writerOfFirst(): Promise<unknown> {
    const [row] = await database.query('select xmin::text as writer from users order by seq limit 1');
    return row?.['writer'];
  }

  test('a killed move resumes at its position, and no server starts on the database before it is complete', async () => {
    const child = start(folder, [...moving, database.url]);
    const ended = once(child, 'close');
    while ((await copied()) === 0) await sleep(2);
    child.kill('SIGKILL');
    await ended;
    const before = await copied();
    assert.ok(before > 0 && before < users, `${before} users were copied`);
    const writer = await writerOfFirst();
    assert.equal((await refused(folder, ['check'], onPostgres)).exitCode, 1);

    const moved = await rosterJson(folder, [...moving, database.url]);
    const tables = moved.list('tables').map((each) => readJson(JSON.stringify(each)));
    const ofUsers = tables.find((each) => each.at('table') === 'users');
    assert.equal(ofUsers?.at('rows'), users);
    assert.match(ofUsers?.text('digest') ?? '', /^[0-9a-f]{64}$/);
    assert.equal(await writerOfFirst(), writer, 'copied rows are not sent again');
  });

  test('a server serves the moved directory after a change of one setting', async () => {
    assert.equal((await rosterJson(folder, ['check'], onPostgres)).at('users'), users);
    const server = await serve(folder, onPostgres);
    const headers = { authorization: `Bearer ${apiKey}` };
    const list = await (await fetch(`${server.url}/sonar/v1/users?page=2000`, { headers })).text();
    assert.equal(readJson(list).at('meta.total'), users);
    assert.equal(readJson(list).list('data').length, 20);
    assert.equal((await server.stop('SIGTERM')).exitCode, 0);
  });

  test('the start shows the address of the database without its password, and whether a ledger is kept', async () => {
    const { host, pathname, password } = new URL(database.url);
    const nowhere = join(folder, 'nowhere');
    const secret = await readFile(join(folder, 'secret'), 'utf8');
    const child = start(nowhere, ['serve'], { ...onPostgres, ROSTER_SECRET: secret, PORT: '0' });
    let output = '';
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.endsWith('\n\n')) break;
    }
    child.kill('SIGTERM');
    await once(child, 'close');
    assert.match(output, new RegExp(`Database +postgres://${host}${pathname}\n`));
    assert.match(output, /Ledger of erasures +none\n/);
    assert.match(output, /"no ledger of erasures is kept"/);
    const { lines } = await refused(folder, ['init'], onPostgres);
    const refusal = lines.join('\n');
    assert.ok(refusal.includes(`postgres://${host}${pathname} is initialised`), refusal);
    // The machines of a cluster may trust each other, without a password.
    if (password !== '') assert.ok(!`${output}${refusal}`.includes(password));
    assert.ok(!output.includes('Data folder'));
  });

  test('wrong counts are found, reported, and repaired on request', async () => {
    await database.query(`update users set status = 'inactive' where created_at < 1000`);
    for (let round = 0; round < 2; round++) {
      const { exitCode, stdout } = await roster(folder, ['check', '--json'], onPostgres);
      assert.equal(exitCode, 1);
      const found = readJson(stdout);
      assert.deepEqual(found.at('differences.0.counted'), {
        pending: 0,
        active: users - 1_000,
        inactive: 1_000,
      });
      assert.deepEqual(found.at('differences.0.kept'), { pending: 0, active: users, inactive: 0 });
    }
    const repaired = await roster(folder, ['check', '--repair', '--json'], onPostgres);
    assert.equal(repaired.exitCode, 0);
    assert.equal(readJson(repaired.stdout).at('differences.0.repaired'), true);
    assert.deepEqual((await rosterJson(folder, ['check'], onPostgres)).list('differences'), []);
  });

  test('the file is unchanged', async () => {
    const checked = await rosterJson(folder, ['check']);
    assert.deepEqual([checked.at('ok'), checked.at('users')], [true, users]);
  });
});
