/** The commands for staff accounts, beside a running server, and the link of the first start. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRows } from '../support/server/rows.ts';
import { makeFolder, refused, removeFolder, roster, rosterJson, type Serving, serve } from './program.ts';

let folder: string;
let server: Serving;

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

/** Uses a one-time link with the running server. */
async function use(link: string): Promise<number> {
  const { hash } = new URL(link);
  const answer = await fetch(`${server.url}/console/api/v1/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-roster-console': '1', origin: server.url },
    body: JSON.stringify({ token: hash.slice(1), password: 'a-quiet-harbour-41' }),
  });
  return answer.status;
}

/** What a refused command says. */
async function said(words: readonly string[]): Promise<string> {
  return (await refused(folder, words)).lines.join(' ');
}

test('the first start makes an owner of the console, and shows the link that lets the person in', async () => {
  const email = server.output.text('console.email');
  assert.equal(email, 'owner@localhost');
  const link = new URL(server.output.text('console.link'));
  assert.deepEqual([link.origin, link.pathname], [server.url, '/console/enrol']);
  const list = await rosterJson(folder, ['staff', 'list']);
  assert.deepEqual([list.at('0.email'), list.at('0.role'), list.at('0.enrolledAt')], [email, 'owner', null]);
  assert.equal(await use(link.href), 200);
  assert.equal(await use(link.href), 422, 'it is good once');
});

test('an account is added, gets another role, address and link, and is removed', async () => {
  const added = await rosterJson(folder, [
    ...['staff', 'add', '--email', 'ann@example.com', '--name', 'Ann Lee', '--role', 'support'],
  ]);
  assert.equal(added.at('role'), 'support');
  const id = added.text('id');
  const first = added.text('link');
  const changed = await rosterJson(folder, ['staff', 'role', 'ANN@example.com', '--role', 'privacy']);
  assert.deepEqual([changed.at('id'), changed.at('role')], [id, 'privacy']);
  const moved = await rosterJson(folder, ['staff', 'email', id, '--email', 'ann.lee@example.com']);
  assert.deepEqual([moved.at('id'), moved.at('email')], [id, 'ann.lee@example.com']);
  assert.match(await said(['staff', 'email', id, '--email', 'owner@localhost']), /email/);
  const second = (await rosterJson(folder, ['staff', 'link', id])).text('link');
  assert.equal(await use(first), 422, 'another link has replaced it');
  assert.equal(await use(second), 200);
  const unsure = await refused(folder, ['staff', 'remove', id]);
  assert.match(unsure.lines.join(' '), /--yes/);
  const removed = await roster(folder, ['staff', 'remove', id, '--yes']);
  assert.equal(removed.exitCode, 0);
  assert.match(await said(['staff', 'link', id]), /there is no such staff account/);
  const rows = openRows(folder);
  const events = rows
    .all('audit_events')
    .filter((row) => row['subject_id'] === id && row['door'] === 'cli')
    .map((row) => [row['action'], row['actor_kind']]);
  rows.close();
  const actions = ['created', 'link_issued', 'role_changed', 'email_changed', 'link_issued', 'removed'];
  assert.deepEqual(
    events,
    actions.map((action) => [`staff.${action}`, 'operator']),
  );
});

test('the last owner stays, and says why', async () => {
  const email = server.output.text('console.email');
  for (const words of [
    ['staff', 'role', email, '--role', 'support'],
    ['staff', 'remove', email, '--yes'],
  ]) {
    assert.match(await said(words), /at least one owner/);
  }
});

test('what is wrong with a new account is said', async () => {
  const add = (...words: string[]): Promise<string> => said(['staff', 'add', ...words]);
  assert.match(await add('--email', 'x', '--name', 'X', '--role', 'support'), /the email/);
  assert.match(await add('--email', 'owner@localhost', '--name', 'X', '--role', 'owner'), /the email/);
});
