/** `roster move` copies a directory to PostgreSQL with every change, and the program then serves it from there. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import {
  endStarted,
  makeFolder,
  readJson,
  refused,
  removeFolder,
  rosterJson,
  type Serving,
  serve,
} from './program.ts';

let folder: string;
let database: OwnDatabase;

before(async () => {
  folder = await makeFolder();
  database = await createDatabase();
});

after(async () => {
  endStarted();
  await database.drop();
  await removeFolder(folder);
});

test('a directory is moved only while no server runs, and then gives the same answers', async () => {
  const words = ['move', '--to', database.url];
  const file = await serve(folder);
  const apiKey = file.output.text('apiKey');
  const made = await create(file, apiKey);
  assert.deepEqual(await refused(folder, words), {
    exitCode: 1,
    lines: ['roster: failed: a server or another command works on the data folder: stop it first'],
  });
  const [first, listed] = [await create(file, apiKey), await list(file, apiKey)];
  await file.stop('SIGTERM');

  const moved = await rosterJson(folder, words);
  const users = moved.list('tables').find((each) => readJson(JSON.stringify(each)).at('table') === 'users');
  assert.partialDeepStrictEqual(users, { table: 'users', rows: 2 });
  assert.deepEqual((await refused(folder, words)).lines, [
    'roster: failed: the database to move to already holds a directory',
  ]);

  const secret = (await readFile(join(folder, 'secret'), 'utf8')).trim();
  const server = await serve(folder, { DATABASE_URL: database.url, ROSTER_SECRET: secret });
  const before = await list(server, apiKey);
  assert.deepEqual(before, listed);
  assert.ok([made, first].every((user) => JSON.stringify(before).includes(user)));
  await create(server, apiKey);
  assert.equal(readJson(JSON.stringify(await list(server, apiKey))).at('meta.total'), 3);
  await server.stop('SIGTERM');
});

/** Creates a user; returns its id. */
async function create({ url }: Serving, apiKey: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${url}/sonar/v1/users`, { method: 'POST', headers, body: '{}' });
  assert.equal(answer.status, 201);
  return readJson(await answer.text()).text('data.id');
}

async function list({ url }: Serving, apiKey: string): Promise<unknown> {
  const answer = await fetch(`${url}/sonar/v1/users`, { headers: { authorization: `Bearer ${apiKey}` } });
  assert.equal(answer.status, 200);
  return await answer.json();
}
