/** The commands `limits`: support sees why a person is refused, and frees the person. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/general/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

const password = 'a-quiet-harbour-41';
const email = 'locked@example.com';

test('an account that a stranger locks for a network is shown by its limits, and freed', async () => {
  const user = { email, password, first_name: 'Cy', last_name: 'Roe', phone: '+1-201-555-0123' };
  const made = await post('users', { user });
  assert.equal(made.status, 201);
  const session = made.headers.get('x-user-token') ?? '';
  for (let time = 0; time < 5; time++) {
    assert.equal((await post('sessions', { email, password: 'wrong' })).status, 401);
  }
  assert.equal((await post('sessions', { email, password })).status, 429);
  const resend = await post('users/resend_confirmation', {}, { 'x-user-token': session });
  assert.equal(resend.status, 429);

  const shown = await rosterJson(folder, ['limits', 'show', '--account', email]);
  const uses = shown.list('limits').map(Object);
  const usedOf = (name: string) => uses.find(({ limit }) => limit === name)?.used;
  // The wait after wrong passwords may be over before a command has started.
  assert.deepEqual([usedOf('code'), usedOf('wrong passwords, one network')], [1, 5]);
  const texts = uses.find(({ limit, of }) => limit === 'message stranger' && of === 'phone');
  assert.deepEqual([texts.used, texts.most, texts.waitSeconds], [1, 5, 0]);
  const { stdout } = await roster(folder, ['limits', 'show', '--account', email]);
  assert.match(stdout, /wrong passwords, one network +email +5 +- +(\d+ s|now)/);
  assert.equal(stdout.includes(email), false);

  const cleared = await rosterJson(folder, ['limits', 'clear', '--account', email]);
  assert.ok(Number(cleared.at('cleared')) >= 4);
  assert.deepEqual((await rosterJson(folder, ['limits', 'show', '--account', email])).list('limits'), []);
  assert.equal((await post('sessions', { email, password })).status, 201);
  const events = await rosterJson(folder, ['audit', 'list', '--action', 'command.run']);
  const commands = events.list('events').map((event) => Object(event).subject?.id ?? Object(event).subjectId);
  assert.ok(commands.includes('limits clear'), commands.join());
});

test('a network is shown at each of its widths, and freed', async () => {
  const before = (await rosterJson(folder, ['limits', 'show', '--network', '127.0.0.1']))
    .list('limits')
    .map(Object);
  const sessions = before.filter(({ limit }) => limit === 'session');
  assert.deepEqual(sessions.map(({ of, most, windowSeconds }) => [of, most, windowSeconds]).sort(), [
    ['/24', 800, 60],
    ['/32', 100, 60],
  ]);
  for (const { used } of sessions) assert.ok(used >= 6, String(used));
  assert.ok(
    Number((await rosterJson(folder, ['limits', 'clear', '--network', '127.0.0.1'])).at('cleared')) >= 12,
  );
  assert.deepEqual(
    (await rosterJson(folder, ['limits', 'show', '--network', '127.0.0.1'])).list('limits'),
    [],
  );
});

test('without a subject the budgets of the day are shown', async () => {
  const shown = await rosterJson(folder, ['limits', 'show']);
  for (const each of shown.list('budgets').map(Object)) {
    assert.deepEqual(Object.keys(each), ['organization', 'budget', 'used', 'most']);
  }
});

test('the invitations of a key and of a member of staff are shown', async () => {
  const org = (await rosterJson(folder, ['org', 'list'])).text('organizations.0.id');
  const staff = 'staff@example.com';
  await rosterJson(folder, ['admin', 'create', '--org', org, '--email', staff], {
    ROSTER_ADMIN_PASSWORD: password,
  });
  const key = await rosterJson(folder, ['key', 'create', '--org', org, '--role', 'admin']);
  const signedIn = await post('sessions', { email: staff, password });
  const { token } = Object(await signedIn.json());
  const inviters = [String(key.at('apiKey')), token, token];
  for (const [index, bearer] of inviters.entries()) {
    const invited = await fetch(`${server.url}/organization/api/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: JSON.stringify({ email: `invited-${index}@example.com`, name: 'Jo Doe' }),
    });
    assert.equal(invited.status, 201, await invited.text());
  }
  const budgets = (await rosterJson(folder, ['limits', 'show'])).list('budgets').map(Object);
  const ofKey = budgets.find(({ budget }) => budget === `invitations ${key.at('id')}`);
  assert.deepEqual([ofKey?.organization, ofKey?.used, ofKey?.most], [org, 1, 10_000]);
  const shown = await rosterJson(folder, ['limits', 'show', '--account', staff]);
  const own = shown
    .list('limits')
    .map(Object)
    .find(({ limit }) => limit === 'invitations');
  assert.deepEqual([own?.used, own?.most, own?.windowSeconds, own?.waitSeconds], [2, 10_000, 86_400, 0]);
});

test('rubbish is refused with a line', async () => {
  const address = await refused(folder, ['limits', 'show', '--network', '1.2.3']);
  assert.deepEqual(address, { exitCode: 1, lines: ['roster: 1.2.3 is not an IP address'] });
  assert.equal((await refused(folder, ['limits', 'show', '--account', 'nobody@example.com'])).exitCode, 1);
  assert.equal((await refused(folder, ['limits', 'clear'])).exitCode, 2);
  const both = await refused(folder, ['limits', 'show', '--account', email, '--network', '::1']);
  assert.equal(both.exitCode, 2);
});
