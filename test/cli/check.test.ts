/** `roster check` on damaged data folders, also while a server runs. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Database from 'better-sqlite3';
import {
  type Json,
  makeFolder,
  readJson,
  removeFolder,
  roster,
  rosterJson,
  type Serving,
  serve,
} from './program.ts';

let folder: string;
let server: Serving;
let organizations: readonly { readonly id: string; readonly apiKey: string }[];
const usersEach = 7;

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
  const second = await rosterJson(folder, ['org', 'create', '--name', 'Hill']);
  organizations = [server.output, second].map((made) => {
    return { id: made.text('organization.id'), apiKey: made.text('apiKey') };
  });
  for (const { apiKey } of organizations) {
    for (let made = 0; made < usersEach; made++) await createUser(apiKey);
  }
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

/** The id of the new user. */
async function createUser(apiKey: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${server.url}/sonar/v1/users`, { method: 'POST', headers, body: '{}' });
  assert.equal(answer.status, 201);
  return readJson(await answer.text()).text('data.id');
}

async function totalOf(apiKey: string | undefined): Promise<unknown> {
  const headers = { authorization: `Bearer ${apiKey}` };
  return readJson(await (await fetch(`${server.url}/sonar/v1/users`, { headers })).text()).at('meta.total');
}

/** Changes the file without the program, so that its data is inconsistent. */
function damage(sql: string, at = folder): void {
  const file = new Database(join(at, 'roster.db'));
  file.pragma('foreign_keys = OFF');
  file.exec(sql);
  file.close();
}

/** Runs `check` with these arguments; its exit code and the JSON that it prints. */
async function check(...words: readonly string[]): Promise<{ exitCode: number | null; found: Json }> {
  const { exitCode, stdout } = await roster(folder, ['check', ...words, '--json']);
  return { exitCode, found: readJson(stdout) };
}

describe('check, while a server runs', () => {
  test('reports that everything is correct', async () => {
    const { exitCode, found } = await check();
    assert.equal(exitCode, 0);
    assert.deepEqual(found.value, {
      ...{ ok: true, organizations: 2, users: 2 * usersEach },
      ...{ differences: [], database: [] },
    });
    const forPeople = await roster(folder, ['check']);
    assert.equal(forPeople.exitCode, 0);
    assert.equal(forPeople.stderr, '');
    assert.match(forPeople.stdout, /sound\.\nCounted 14 users in 2 organizations: the counts are right\.\n$/);
  });

  test('finds an organization with wrong counts, ends with exit code 1, and changes nothing', async () => {
    const [first, second] = organizations;
    damage(`update users set status = 'inactive' where org_key =
      (select org_key from organizations where id = '${second?.id}')`);
    for (let round = 0; round < 2; round++) {
      const { exitCode, found } = await check();
      assert.equal(exitCode, 1);
      assert.equal(found.at('ok'), false);
      assert.equal(found.list('differences').length, 1);
      assert.equal(found.at('differences.0.organization.id'), second?.id);
      assert.deepEqual(found.at('differences.0.counted'), { pending: 0, active: 0, inactive: usersEach });
      assert.deepEqual(found.at('differences.0.kept'), { pending: 0, active: usersEach, inactive: 0 });
      assert.equal(found.at('differences.0.repaired'), false);
    }
    const forPeople = await roster(folder, ['check']);
    assert.match(forPeople.stdout, new RegExp(`${second?.id} +Hill +7 +7 +1 +wrong\\n$`));
    assert.equal(forPeople.stderr, 'roster: `roster check --repair` corrects the counts and the search\n');
    const alone = await check('--org', first?.id ?? '');
    assert.deepEqual([alone.exitCode, alone.found.at('users')], [0, usersEach], 'the other one is right');
  });

  test('repairs wrong counts on request, and the running server uses them immediately', async () => {
    const [, second] = organizations;
    damage(`delete from users where seq = (select max(seq) from users)`);
    assert.equal(await totalOf(second?.apiKey), usersEach, 'the server answers with the stored counts');
    const { exitCode, found } = await check('--repair');
    assert.equal(exitCode, 0);
    assert.deepEqual([found.at('ok'), found.at('differences.0.repaired')], [true, true]);
    assert.equal(await totalOf(second?.apiKey), usersEach - 1);
    assert.deepEqual((await check()).found.list('differences'), []);
    await createUser(second?.apiKey ?? '');
    assert.equal((await check()).exitCode, 0);
  });

  test('finds wrong counts of the audit log, and has them counted again on request', async () => {
    const [first] = organizations;
    damage(
      `insert into audit_lists (org_key, selector) select org_key, 'all' from organizations where id = '${first?.id}'`,
    );
    damage(`insert into audit_counts (org_key, selector, node, entries)
      select org_key, 'all', 0, x'00' from organizations where id = '${first?.id}'`);
    const { exitCode, found } = await check();
    assert.equal(exitCode, 1);
    assert.deepEqual(found.list('differences'), []);
    const organization = { id: first?.id, name: 'Default' };
    assert.deepEqual(found.list('auditLists'), [{ organization, lists: 1, repaired: false }]);
    const forPeople = await roster(folder, ['check']);
    assert.match(forPeople.stdout, new RegExp(`${first?.id} +Default +1 +wrong\\n$`));
    const repaired = await check('--repair');
    assert.equal(repaired.exitCode, 0);
    assert.deepEqual(repaired.found.list('auditLists'), [{ organization, lists: 1, repaired: true }]);
    assert.equal((await check()).exitCode, 0);
  });

  test('repairs missing counts', async () => {
    damage('delete from user_counts');
    assert.equal((await check()).found.list('differences').length, 2);
    assert.equal((await check('--repair')).exitCode, 0);
    assert.equal((await check()).exitCode, 0);
    assert.equal(await totalOf(organizations[0]?.apiKey), usersEach);
  });

  test('reports rows with a broken reference, without their content', async () => {
    damage(`insert into confirmation_codes (org_key, user_id, digest, expires_at, tries_left)
      values (1, 'nobody-at-all', 'a-digest', 0, 5)`);
    const { exitCode, found } = await check('--repair');
    assert.equal(exitCode, 1);
    assert.deepEqual(found.list('database'), ['confirmation_codes: 1 refer to no row of users']);
    damage(`delete from confirmation_codes where user_id = 'nobody-at-all'`);
    assert.equal((await check()).exitCode, 0);
  });

  test('names users with one mailbox by their ids, and changes nothing', async () => {
    const [organization] = organizations;
    const emails = ['ana@xn--bcher-kva.example', 'ana@bücher.example'];
    const ids = await Promise.all(emails.map(() => createUser(organization?.apiKey ?? '')));
    for (const [at, id] of ids.entries()) {
      const email = `'${emails[at]}'`;
      damage(`update users set email = ${email}, email_canonical = ${email} where id = '${id?.slice(4)}'`);
    }
    const { exitCode, found } = await check();
    assert.equal(exitCode, 0);
    assert.equal(found.at('emailPairs.0.organization.id'), organization?.id);
    assert.deepEqual(found.at('emailPairs.0.users'), ids);
    const { stdout, stderr } = await roster(folder, ['check']);
    assert.match(stdout, new RegExp(`${organization?.id} +${ids.join(' +')}\n$`));
    assert.doesNotMatch(stdout, /bücher|bcher/);
    assert.match(stderr, /two users with one mailbox stay two users/);
  });

  test('refuses an unknown organization', async () => {
    const { exitCode, stderr } = await roster(folder, ['check', '--org', 'org_none']);
    assert.deepEqual([exitCode, stderr], [1, 'roster: there is no such organization\n']);
  });
});

/** The first byte of the root page of an index, and the byte after its end. */
function boundsOfIndex(path: string): [number, number] {
  const file = new Database(path);
  const size = Number(file.pragma('page_size', { simple: true }));
  const root = file.prepare(`select rootpage from sqlite_schema where name = 'users_order'`).pluck().get();
  file.close();
  return [(Number(root) - 1) * size, Number(root) * size];
}

test('a damaged file is reported with exit code 1, and is not written to', async () => {
  const damaged = await makeFolder();
  try {
    await rosterJson(damaged, ['init']);
    const file = join(damaged, 'roster.db');
    const bytes = await readFile(file);
    bytes.fill(0, ...boundsOfIndex(file));
    await writeFile(file, bytes);
    const { exitCode, stdout, stderr } = await roster(damaged, ['check', '--repair']);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^The database is damaged; nothing was counted\.\n/);
    assert.equal(stderr, 'roster: restore a damaged database from a backup\n');
    assert.ok(bytes.equals(await readFile(file)));
  } finally {
    await removeFolder(damaged);
  }
});
