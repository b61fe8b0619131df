/** The commands `user show` and `outbox`, on the data folder of a running server. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { toUserIdText } from '../../src/core/ids.ts';
import {
  type Json,
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  rosterJson,
  type Serving,
  serve,
} from './program.ts';

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const password = { ROSTER_ADMIN_PASSWORD: 'a-quiet-harbour-41' };

let folder: string;
let server: Serving;
let first: Json;
let org: string;

before(async () => {
  folder = await makeFolder();
  server = await serve(folder);
  first = server.output;
  org = first.text('organization.id');
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

/** Registers a user with a phone; the number of the account. */
async function register(email: string, { at = server, isTemplate = false } = {}): Promise<number> {
  const user = { email, password: password.ROSTER_ADMIN_PASSWORD, first_name: 'Cy', last_name: 'Roe' };
  const answer = await fetch(`${at.url}/general/v1/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user: { ...user, phone: '+1-201-555-0123' }, template: isTemplate }),
  });
  assert.equal(answer.status, 201);
  return Number(readJson(await answer.text()).at('id'));
}

describe('user show', () => {
  test('shows a user as each API does, and further fields, by any of its ids', async () => {
    const email = 'cy@example.com';
    const number = await register(email);
    const shown = await rosterJson(folder, ['user', 'show', 'Cy@Example.com']);
    assert.deepEqual([...shown.names()].sort(), [
      'directory',
      'general',
      'humanapi',
      'organization',
      'sonar',
    ]);
    assert.deepEqual([shown.at('general.id'), shown.at('general.email')], [number, email]);
    assert.equal(shown.at('organization.name'), 'Cy Roe');
    assert.equal(shown.at('sonar.id'), toUserIdText(shown.text('humanapi.humanId')));
    assert.deepEqual(shown.at('directory.organization'), { id: org, name: 'Default' });
    assert.deepEqual(shown.at('directory.app.appId'), first.at('app.appId'));
    assert.deepEqual(shown.at('directory.clinicalApproved'), false);
    assert.equal(shown.at('directory.phoneE164'), '+12015550123');
    assert.equal(shown.list('directory.sessions').length, 1);
    assert.deepEqual(shown.names('directory.sessions.0'), ['id', 'startedAt', 'lastUsedAt']);
    assert.equal(shown.list('directory.openCodes').length, 1);
    assert.equal(shown.at('directory.openCodes.0.triesLeft'), 5);
    assert.deepEqual(shown.list('directory.openLinks'), []);
    for (const id of [shown.text('sonar.id'), shown.text('humanapi.humanId'), String(number)]) {
      assert.deepEqual((await rosterJson(folder, ['user', 'show', id])).value, shown.value, id);
    }
    const { stdout } = await roster(folder, ['user', 'show', email]);
    assert.match(stdout, /^sonar\nid +usr_/);
  });

  test('asks for the organization if two organizations have the email, and --org decides', async () => {
    const email = 'di@example.com';
    const other = await rosterJson(folder, ['org', 'create', '--name', 'Hill']);
    const otherId = other.text('organization.id');
    for (const id of [org, otherId]) {
      await rosterJson(folder, ['admin', 'create', '--org', id, '--email', email], password);
    }
    const { exitCode, lines } = await refused(folder, ['user', 'show', email]);
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.includes(`--org ${org}`) && lines[0].includes(`--org ${otherId}`));
    const shown = await rosterJson(folder, ['user', 'show', email, '--org', otherId]);
    assert.equal(shown.at('directory.organization.name'), 'Hill');
  });

  test('finds the user who requests an email, and asks for a number where several do', async () => {
    const own = await makeFolder();
    const secretive = await serve(own, { ROSTER_TELL_ACCOUNTS: 'off' });
    const email = 'ed@example.com';
    const number = await register(email, { at: secretive });
    assert.equal((await rosterJson(own, ['user', 'show', 'Ed@Example.com'])).at('general.id'), number);
    const other = await register(email, { at: secretive });
    const { exitCode, lines } = await refused(own, ['user', 'show', email]);
    const line = `roster: several users match: use a number, one of ${number}, ${other}`;
    assert.deepEqual([exitCode, lines], [1, [line]]);
    await secretive.stop('SIGTERM');
    await removeFolder(own);
  });

  test('refuses an unknown user', async () => {
    const result = await refused(folder, ['user', 'show', 'nobody@example.com', '--json']);
    assert.deepEqual(result, { exitCode: 1, lines: ['roster: there is no such user'] });
  });
});

describe('outbox', () => {
  test('shows messages immediately, newest first, with the confirmation code', async () => {
    const older = await register('eve@example.com');
    const newer = await register('fay@example.com');
    const messages = await rosterJson(folder, ['outbox', '--to', '+1 201 555 0123']);
    assert.deepEqual(messages.names('0'), [
      ...['id', 'channel', 'to', 'template', 'body', 'code', 'createdAt'],
    ]);
    assert.match(messages.text('0.id'), /^msg_[0-9a-f]{32}$/);
    assert.deepEqual([messages.at('0.channel'), messages.at('0.template')], ['sms', 'confirmation']);
    assert.match(messages.text('0.createdAt'), instant);
    assert.ok(messages.text('0.body').includes(messages.text('0.code')));
    for (const [index, number] of [newer, older].entries()) {
      const answer = await fetch(`${server.url}/general/v1/users/confirmation`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user_id: number, confirmation_code: messages.text(`${index}.code`) }),
      });
      assert.equal(answer.status, 200);
    }
  });

  test('filters by address without regard to case, and shows tokens', async () => {
    const answer = await fetch(`${server.url}/organization/api/v1/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${first.text('apiKey')}` },
      body: JSON.stringify({ email: 'Gil@example.com', name: 'Gil' }),
    });
    assert.equal(answer.status, 201);
    const messages = await rosterJson(folder, ['outbox', '--to', 'gil@EXAMPLE.com']);
    assert.deepEqual(messages.list().length, 1);
    assert.deepEqual(messages.names('0'), [
      ...['id', 'channel', 'to', 'template', 'body', 'token', 'createdAt'],
    ]);
    assert.deepEqual([messages.at('0.to'), messages.at('0.template')], ['Gil@example.com', 'invitation']);
    assert.ok(messages.text('0.body').includes(messages.text('0.token')));
    assert.deepEqual((await rosterJson(folder, ['outbox', '--to', 'nobody@example.com'])).value, []);
    const { stdout } = await roster(folder, ['outbox', '--to', 'gil@example.com']);
    assert.match(stdout, /invitation by email to Gil@example\.com/);
  });

  test('counts messages that are sealed with an unknown secret, and does not show them', async () => {
    const copy = await makeFolder();
    try {
      const database = new Sqlite(join(folder, 'roster.db'));
      database.exec(`vacuum into '${join(copy, 'roster.db')}'`);
      database.close();
      // A database that knows a ledger is not opened without it, nor without the secret of the ledger.
      const copied = new Sqlite(join(copy, 'roster.db'));
      copied.exec('delete from erasure_ledgers');
      copied.close();
      const other = { ROSTER_SECRET: 'a-secret-that-sealed-nothing-here' };
      const { exitCode, stdout, stderr } = await roster(copy, ['outbox', '--json'], other);
      assert.deepEqual([exitCode, stdout], [0, '[]\n']);
      assert.match(stderr, /^roster: not shown: [1-9]\d* messages sealed under another ROSTER_SECRET\n$/);
    } finally {
      await removeFolder(copy);
    }
  });

  test('hides a message that waits for a real sender, and shows one that only the outbox may hold', async () => {
    const fresh = await makeFolder();
    const twilio = {
      ROSTER_SMS: 'twilio',
      TWILIO_ACCOUNT_SID: 'AC0',
      TWILIO_AUTH_TOKEN: 'token',
      TWILIO_FROM: '+15550000000',
      ROSTER_SMS_HOME: 'US',
      TWILIO_BASE_URL: 'http://127.0.0.1:9',
    };
    try {
      const sending = await serve(fresh, twilio);
      await register('jo@example.com', { at: sending });
      // The links to the emails are in the outbox too.
      const bySms = ['outbox', '--to', '+1 201 555 0123'];
      assert.deepEqual((await rosterJson(fresh, bySms, twilio)).value, []);
      await register('kim@example.com', { at: sending, isTemplate: true });
      const shown = await rosterJson(fresh, bySms, twilio);
      assert.deepEqual([shown.list().length, shown.at('0.template')], [1, 'confirmation']);
      await sending.stop('SIGTERM');
    } finally {
      await removeFolder(fresh);
    }
  });
});
