/** The commands that act on one user, and the list of messages, beside a running server. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
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
  // A count of a network, and one of all known networks whose number is not told, in no order.
  const counts = shown.list('directory.wrongPasswords').map((each) => Number(Object(each).count));
  assert.ok(
    counts.some((count) => count >= 5),
    counts.join(),
  );
  assert.equal(shown.at('directory.messages.0.template'), 'email_proof');
  assert.equal(shown.at('directory.messages.0.state'), 'kept');
  const unlocked = await rosterJson(folder, ['user', 'unlock', email, '--yes']);
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

test('messages have pages, of all and of one user, also of one state', async () => {
  const idsOf = async (...words: string[]) => {
    const listed = await rosterJson(folder, ['message', 'list', ...words]);
    return listed.list().map((_, at) => listed.text(`${at}.id`));
  };
  while ((await idsOf('--state', 'queued')).length > 0) {
    // Until the states are final, which the pages of a state rest on.
  }
  for (const given of [[], ['--user', email, '--state', 'kept']]) {
    const all = await idsOf(...given);
    assert.ok(all.length >= 2, given.join(' '));
    for (const [at, id] of all.entries()) {
      assert.deepEqual(
        await idsOf(...given, '--limit', '1', '--page', String(at + 1)),
        [id],
        given.join(' '),
      );
    }
    assert.deepEqual(await idsOf(...given, '--limit', '1', '--page', String(all.length + 1)), []);
  }
  const beyond = await roster(folder, ['message', 'list', '--page', '9']);
  assert.equal(beyond.stdout, 'There are no messages on this page.\n');
  const far = await refused(folder, ['message', 'list', '--limit', '10000', '--page', '11']);
  assert.match(far.lines.join(), /only the newest 100000 messages have pages/);
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

test('an erasure is found by the id that its user had, as the console finds it', async () => {
  const made = await post('users', {
    user: { email: 'di@example.com', password, first_name: 'Di', last_name: 'Oe' },
  });
  assert.equal(made.status, 201);
  const deleted = await rosterJson(folder, ['user', 'delete', 'di@example.com', '--yes']);
  const [userId, erasureId] = [deleted.text('id'), deleted.text('erasureId')];
  const digits = userId.slice('usr_'.length);
  const digest = createHash('sha256').update(digits).digest('hex');
  for (const reference of [userId, userId.toUpperCase(), digits, digest, erasureId]) {
    const listed = await rosterJson(folder, ['erasure', 'list', '--user', reference]);
    assert.deepEqual(
      listed.list().map((_, at) => listed.at(`${at}.id`)),
      [erasureId],
      reference,
    );
    const shown = await rosterJson(folder, ['erasure', 'show', reference.toLowerCase()]);
    assert.deepEqual([shown.at('id'), shown.at('userIdSha256')], [erasureId, digest], reference);
  }
  const state = (await rosterJson(folder, ['erasure', 'list', '--user', userId])).text('0.state');
  const other = state === 'overdue' ? 'running' : 'overdue';
  const none = await roster(folder, ['erasure', 'list', '--user', userId, '--state', other]);
  assert.equal(none.stdout, 'There are no such erasures.\n');
  const stranger = `usr_${'0'.repeat(32)}`;
  assert.deepEqual((await rosterJson(folder, ['erasure', 'list', '--user', stranger])).value, []);
  const unknown = await refused(folder, ['erasure', 'show', stranger]);
  assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such erasure'] });
  const wrong = await refused(folder, ['erasure', 'list', '--user', 'di@example.com']);
  assert.deepEqual(wrong, { exitCode: 1, lines: ['roster: the user is not valid'] });
});

test('the overview has the figures of the last days, and is recorded with the account of the system', async () => {
  // Two days, because midnight may pass during the test.
  const shown = await rosterJson(folder, ['overview', '--days', '2']);
  assert.deepEqual(shown.names(), ['organization', 'users', 'erasures', 'days', 'messagesSince']);
  const people = await rosterJson(folder, ['user', 'find']);
  assert.equal(shown.at('users.total'), people.at('total'));
  const sum = (name: string) => Number(shown.at(`days.0.${name}`)) + Number(shown.at(`days.1.${name}`));
  assert.deepEqual([shown.list('days').length, sum('created'), sum('deleted')], [2, 2, 2]);
  const erasures = Object.values(Object(shown.at('erasures'))).map(Number);
  assert.equal(
    erasures.reduce((all, each) => all + each, 0),
    2,
  );
  assert.equal((await rosterJson(folder, ['overview'])).list('days').length, 30);
  const { stdout } = await roster(folder, ['overview', '--days', '1']);
  assert.match(stdout, /Organization +Default\nUsers +0\n/);
  assert.match(stdout, /DAY +CREATED +CONFIRMED .*SPENT/);
  const events = await rosterJson(folder, ['audit', 'list', '--action', 'command.run', '--limit', '100']);
  const runs = events
    .list('events')
    .map(Object)
    .filter(({ subject }) => subject.id === 'overview');
  assert.equal(runs.length, 3);
  for (const { actor, door } of runs)
    assert.deepEqual([actor.id, door], [`uid:${process.getuid?.()}`, 'cli']);
  for (const days of ['0', '91']) {
    assert.equal((await refused(folder, ['overview', '--days', days])).exitCode, 2);
  }
});
