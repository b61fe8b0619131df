/** The commands that act on one user, and the list of messages, beside a running server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeFolder, refused, removeFolder, roster, rosterJson, type Serving, serve } from './program.ts';

const password = 'a-quiet-harbour-41';
const email = 'cy@example.com';

let folder: string;
let server: Serving;
let number: number;

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
  const user = { email, password, first_name: 'Cy', last_name: 'Roe', phone: '+1-201-555-0123' };
  const made = await post('users', { user });
  number = Number(Object(await made.json()).id);
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

function post(path: string, body: object): Promise<Response> {
  return fetch(`${server.url}/general/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const signIn = async (): Promise<number> => (await post('sessions', { email, password })).status;

test('a locked person is seen, unlocked and signs in at once', async () => {
  for (let time = 0; time < 8; time++) await post('sessions', { email, password: 'wrong' });
  const shown = await rosterJson(folder, ['user', 'show', '0201 555 0123']);
  assert.ok(Number(shown.at('directory.wrongPasswords.0.count')) >= 5);
  assert.equal(shown.at('directory.messages.0.template'), 'email_proof');
  assert.equal(shown.at('directory.messages.0.state'), 'kept');
  const unlocked = await rosterJson(folder, ['user', 'unlock', email]);
  assert.equal(unlocked.at('changed'), true);
  assert.equal(unlocked.at('user.number'), number);
  assert.equal(await signIn(), 201);
});

test('an act that signs a person out asks first, and is done with --yes', async () => {
  const { exitCode, lines } = await refused(folder, ['user', 'cancel', String(number)]);
  assert.equal(exitCode, 1);
  assert.match(lines.join(), /cy@example\.com.*will be inactive.*add --yes/);
  assert.equal(await signIn(), 201);
  const cancelled = await rosterJson(folder, ['user', 'cancel', String(number), '--yes']);
  assert.deepEqual([cancelled.at('changed'), cancelled.at('user.status')], [true, 'inactive']);
  assert.equal(await signIn(), 401);
  const again = await refused(folder, ['user', 'reset', email]);
  assert.deepEqual(again, { exitCode: 1, lines: ['roster: not possible while the state is inactive'] });
  await rosterJson(folder, ['user', 'reinstate', email]);
  assert.equal(await signIn(), 201);
});

test('a user is edited, renamed and found by the new name; refusals are a line', async () => {
  await rosterJson(folder, ['user', 'edit', email, '--first-name', 'Cyd', '--timezone', 'Europe/Paris']);
  await rosterJson(folder, ['user', 'rename', email, '--to', 'case-7']);
  const { stdout } = await roster(folder, ['user', 'confirm', 'case-7']);
  assert.match(stdout, /is confirmed\.\n$/);
  const role = await refused(folder, ['user', 'role', 'case-7', '--to', 'member', '--yes']);
  assert.deepEqual(role, { exitCode: 1, lines: ['roster: the email is not verified'] });
});

test('messages are listed without addresses and codes', async () => {
  const listed = await rosterJson(folder, ['message', 'list', '--user', email, '--state', 'kept']);
  assert.deepEqual(listed.names('0'), [
    ...['id', 'user', 'channel', 'template', 'state', 'attempts', 'createdAt', 'endedAt', 'nextAttemptAt'],
  ]);
  const { stdout } = await roster(folder, ['message', 'list']);
  assert.match(stdout, /confirmation +sms +kept/);
  assert.ok(!stdout.includes(email) && !stdout.includes('2015550123'));
});

test('a deleted user is erased, and everything is recorded with the account of the system', async () => {
  const deleted = await rosterJson(folder, ['user', 'delete', 'case-7', '--yes']);
  assert.match(deleted.text('erasureId'), /^era_/);
  assert.equal(await signIn(), 401);
  const listed = await rosterJson(folder, ['audit', 'list', '--user', deleted.text('id'), '--limit', '100']);
  const events = listed.list('events').map(Object);
  const acts = events.filter(({ door }) => door === 'cli').map(({ action }) => action);
  for (const action of ['user.unlocked', 'user.cancelled', 'user.restored', 'user.read', 'user.deleted']) {
    assert.ok(acts.includes(action), `${action} is missing in ${acts.join()}`);
  }
  const account = `uid:${process.getuid?.()}`;
  assert.ok(events.filter(({ door }) => door === 'cli').every(({ actor }) => actor.id === account));
});
