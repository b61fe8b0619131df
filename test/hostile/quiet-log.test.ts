/**
 * The log never contains a secret or personal data. The tests lead whole lives over HTTP, with mistakes, while the
 * server logs everything that it can; then they search the log for every secret and every text about a person.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { type Json, makeFolder, removeFolder, roster, rosterJson, serve } from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';
import { startSmtpServer } from '../support/machine/smtp.ts';
import { deadlineMs } from './scene.ts';

const person = {
  email: 'Canary.Person@leak.example',
  password: 'canary-password-5521',
  first_name: 'Canaryfirst',
  last_name: 'Canarylast',
  phone: '+1-201-867-5309',
  date_of_birth: '1987-06-05',
};
const phoneE164 = '+12018675309';

/** The texts that the log may not contain; secrets that the server issues are added. */
class Canaries {
  readonly #texts = new Set<string>([
    ...Object.values(person),
    ...[phoneE164, phoneE164.slice(1), 'canary', 'leak.example', '%40leak'],
  ]);

  /** Adds a secret, and returns it. */
  add(text: string): string {
    assert.ok(text.length >= 6, 'too short to be looked for');
    this.#texts.add(text);
    return text;
  }

  assertAbsent(log: string): void {
    const lines = log.split('\n');
    for (const text of this.#texts) {
      // A code of six digits may stand inside a longer number by chance.
      const isCode = /^\d{6}$/.test(text);
      const form = isCode
        ? new RegExp(`(?<![0-9a-f.])${text}(?![0-9a-f])`)
        : new RegExp(RegExp.escape(text), 'i');
      const line = lines.find((each) => form.test(each));
      assert.equal(line, undefined, `the log has ${JSON.stringify(text)}`);
    }
  }
}

type Ask = { headers?: Record<string, string>; json?: unknown; body?: string };

/** Status, a member of the body, and the session that the server issued. */
type Told = { status: number; at(name: string): unknown; token: string };

describe('the log at its most detailed level', () => {
  let folder: string;
  let made: Json;
  const canaries = new Canaries();
  const settings = {
    ROSTER_LOG_LEVEL: 'trace',
    ROSTER_ADMIN_PASSWORD: canaries.add('canary-admin-password-9'),
  };

  before(async () => {
    folder = await makeFolder();
    made = await rosterJson(folder, ['init']);
    canaries.add(made.text('apiKey'));
    canaries.add(made.text('app.appKey'));
    canaries.add(made.text('app.clientSecret'));
  });
  after(() => removeFolder(folder));

  function caller(url: string) {
    let count = 0;
    const call = async (line: string, { headers = {}, json, body }: Ask = {}): Promise<Told> => {
      count += 1;
      const [method = '', path = ''] = line.split(' ');
      const type = json === undefined ? {} : { 'content-type': 'application/json' };
      const text = json === undefined ? body : JSON.stringify(json);
      const answer = await fetch(url + path, {
        method,
        headers: { ...type, ...headers },
        ...(text === undefined ? {} : { body: text }),
      });
      const received = await answer.text();
      const parsed = received.startsWith('{') ? JSON.parse(received) : {};
      const at = (name: string): unknown => parsed[name];
      return { status: answer.status, at, token: answer.headers.get('x-user-token') ?? '' };
    };
    return Object.assign(call, { count: () => count });
  }

  /** The newest message to an address, once it is in the outbox. */
  async function message(to: string, template: string): Promise<{ code?: string; token?: string }> {
    const deadline = performance.now() + deadlineMs;
    while (performance.now() < deadline) {
      const outbox = (await rosterJson(folder, ['outbox', '--to', to])).list();
      const found = outbox.map(Object).find((each) => each.template === template);
      if (found !== undefined) return found;
      await sleep(50);
    }
    assert.fail(`no ${template} came`);
  }

  test('has no secret and no personal data, for all kinds of requests', async () => {
    const serving = await serve(folder, settings);
    const call = caller(serving.url);
    const bearer = { authorization: `Bearer ${made.text('apiKey')}` };
    const basic = { authorization: `Basic ${Buffer.from(`${made.text('app.appKey')}:`).toString('base64')}` };
    canaries.add(basic.authorization.slice('Basic '.length));
    const apps = `/humanapi/v1/apps/${made.text('app.appId')}/users`;

    const signup = await call('POST /general/v1/users', { json: { user: person, clinical: true } });
    assert.equal(signup.status, 201);
    const session = { 'x-user-token': canaries.add(signup.token) };
    const id = signup.at('id');
    const { code = '' } = await message(phoneE164, 'confirmation');
    const confirmation = { user_id: id, confirmation_code: canaries.add(code) };
    await call('POST /general/v1/users/confirmation', {
      json: { ...confirmation, confirmation_code: 'canary' },
    });
    assert.equal((await call('POST /general/v1/users/confirmation', { json: confirmation })).status, 200);
    const { email, password } = person;
    const login = await call('POST /general/v1/sessions', { json: { email, password } });
    canaries.add(String(login.at('token')));
    await call('POST /general/v1/sessions', {
      json: { email, password: canaries.add('canary-wrong-password') },
    });
    await call(`PUT /general/v1/users/${id}`, {
      headers: session,
      json: { user: { first_name: 'Canaryrenamed', phone: 'canary-no-phone' } },
    });
    await call('POST /general/v1/users/passwords', { json: { email } });
    const { token = '' } = await message(email, 'password_reset');
    canaries.add(token);
    assert.equal((await call(`GET /general/v1/users/passwords/validate?token=${token}`)).status, 200);
    const renewed = { token, password: canaries.add('canary-renewed-password-3') };
    assert.equal((await call('POST /general/v1/users/passwords/reset', { json: renewed })).status, 200);
    await call('POST /general/v1/users/email_has_account', { json: { email } });
    await call(`GET /set-password?token=${token}&email=${email}`);
    await call('POST /set-password', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `token=${token}&password=canary-form-password`,
    });

    const invitation = { email: 'canary.invited@leak.example', name: 'Canaryname Invited' };
    const invited = await call('POST /organization/api/v1/users', { headers: bearer, json: invitation });
    assert.equal(invited.status, 201);
    canaries.add((await message(invitation.email, 'invitation')).token ?? '');
    await call('POST /organization/api/v1/users', {
      headers: bearer,
      json: { ...invitation, role: 'canary' },
    });
    await call('POST /sonar/v1/users', { headers: bearer, json: { reference_id: 'canary-reference' } });
    await call('POST /sonar/v1/users', { headers: bearer, json: { reference_id: 'canary-reference' } });
    await call('GET /sonar/v1/users?reference_id=canary-reference&page=canary', { headers: bearer });
    await call(`POST ${apps}`, { headers: basic, json: { externalId: email } });
    await call(`GET ${apps}`, { headers: basic });

    const client = { client_id: made.text('app.appId'), client_secret: made.text('app.clientSecret') };
    const asked = { ...client, type: 'session', client_user_id: 'canary-user', client_user_email: email };
    const opened = await call('POST /v1/connect/token', { json: asked });
    assert.equal(opened.status, 200);
    const sessionToken = canaries.add(String(opened.at('session_token')));
    const wrongSecret = { ...asked, client_secret: canaries.add('canary-client-secret') };
    assert.equal((await call('POST /v1/connect/token', { json: wrongSecret })).status, 401);
    const exchanged = await call('POST /v1/connect/tokens', {
      json: {
        humanId: opened.at('human_id'),
        clientId: client.client_id,
        clientSecret: client.client_secret,
        sessionToken,
      },
    });
    for (const name of ['accessToken', 'publicToken']) canaries.add(String(exchanged.at(name)));
    await call(`GET /connect?token=${sessionToken}&mode=auth`);
    await call('GET /connect/api/session', { headers: { authorization: `Bearer ${sessionToken}` } });
    await call('GET /connect/api/session', { headers: { authorization: `Bearer ${sessionToken}x` } });
    await rosterJson(
      folder,
      ['admin', 'create', '--org', made.text('organization.id'), '--email', 'canary.admin@leak.example'],
      settings,
    );
    for (const line of [
      `GET /general/v1/users/${email}`,
      `GET /${email}`,
      `DELETE /sonar/v1/users/${email}?email=${email}`,
      `CANARY /organization/api/v1/users/${email}`,
    ]) {
      await call(line, {
        headers: { ...bearer, 'user-agent': email, referer: `http://${email}/`, cookie: 'c=canary' },
      });
    }
    for (const body of [`{"email":"${email}`, `"${email}"`, email]) {
      await call('POST /organization/api/v1/users', {
        headers: { ...bearer, 'content-type': 'application/json', 'idempotency-key': email },
        body,
      });
    }
    await call('POST /organization/api/v1/users', {
      headers: { ...bearer, 'content-type': email },
      body: email,
    });
    await call('GET /organization/api/v1/users', { headers: { authorization: `Bearer ${token}` } });
    assert.equal(
      (await call(`DELETE /organization/api/v1/users/${invited.at('id')}`, { headers: bearer })).status,
      204,
    );

    const { stderr } = await serving.stop('SIGTERM');
    const requests = stderr.split('\n').filter((line) => line.includes('"request"'));
    assert.equal(requests.length, call.count(), 'every request has its line');
    canaries.assertAbsent(stderr);
  });

  test('has no personal data when message services repeat it in their errors', async () => {
    const said: string[] = [];
    const sms = createServer((request, response) => {
      said.push(request.url ?? '');
      response.writeHead(400, { 'content-type': 'application/json', 'x-to': phoneE164 });
      response.end(JSON.stringify({ code: 21211, message: `${phoneE164} of ${person.email} is no number` }));
    });
    await new Promise<void>((resolve) => sms.listen(0, '127.0.0.1', resolve));
    const smtp = await startSmtpServer({
      allowInsecureAuth: true,
      onAuth: (_auth, _session, callback) => callback(null, { user: 'canaryuser' }),
      onRcptTo(address, _session, callback) {
        said.push(address.address);
        callback(new Error(`550 ${address.address} of Canaryfirst Canarylast is unknown here`));
      },
    });
    const serving = await serve(folder, {
      ...settings,
      ROSTER_SMS: 'twilio',
      TWILIO_ACCOUNT_SID: 'AC0123',
      TWILIO_AUTH_TOKEN: canaries.add('canary-twilio-token'),
      TWILIO_FROM: '+15550001111',
      ROSTER_SMS_HOME: 'US',
      TWILIO_BASE_URL: `http://127.0.0.1:${(sms.address() as AddressInfo).port}`,
      ROSTER_EMAIL: 'smtp',
      ROSTER_SMTP_URL: smtp.url.replace('//', '//canaryuser:canarypass@'),
      ROSTER_EMAIL_FROM: 'roster@example.com',
    });
    const call = caller(serving.url);
    const user = { ...person, email: 'canary.sms@leak.example' };
    assert.equal((await call('POST /general/v1/users', { json: { user } })).status, 201);
    const headers = { authorization: `Bearer ${made.text('apiKey')}` };
    const json = { email: 'canary.mail@leak.example', name: 'Canaryname Mail' };
    assert.equal((await call('POST /organization/api/v1/users', { headers, json })).status, 201);
    const deadline = performance.now() + deadlineMs;
    while (said.length < 2 && performance.now() < deadline) await sleep(50);
    const { stderr } = await serving.stop('SIGTERM');
    sms.close();
    await smtp.stop();
    assert.ok(said.length >= 2, 'both services were asked');
    assert.match(stderr, /"message"/);
    canaries.assertAbsent(stderr);
  });

  test('has no personal data when the fault is ours', async () => {
    const serving = await serve(folder, settings);
    const call = caller(serving.url);
    const database = new Database(join(folder, 'roster.db'));
    database.exec('alter table messages rename to messages_away');
    const user = { ...person, email: 'canary.fault@leak.example' };
    const failed = await call('POST /general/v1/users', { json: { user } });
    database.exec('alter table messages_away rename to messages');
    database.close();
    assert.equal(failed.status, 500);
    assert.doesNotMatch(JSON.stringify(failed.at('errors')), /messages|sql|canary/i);
    const { stderr } = await serving.stop('SIGTERM');
    assert.match(stderr, /"fault"/);
    canaries.assertAbsent(stderr);
  });

  test('has no personal data when a command is called with wrong arguments', async () => {
    const words = [
      ['user', 'show', person.email],
      ['user', 'show', 'canary-nobody@leak.example'],
      ['key', 'rotate', 'canary-key'],
    ];
    for (const each of words) canaries.assertAbsent((await roster(folder, each, settings)).stderr);
  });
});
