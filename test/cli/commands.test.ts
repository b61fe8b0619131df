/** Every command on the data folder of a running server: its JSON output and its changes. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
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
  statusOf,
} from './program.ts';

const orgId = /^org_[0-9a-f]{32}$/;
const keyId = /^key_[0-9a-f]{32}$/;
const apiKey = /^roster_[A-Za-z0-9]{48}$/;
const hex40 = /^[0-9a-f]{40}$/;
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const password = { ROSTER_ADMIN_PASSWORD: 'a-quiet-harbour-41' };

let folder: string;
let server: Serving;
let first: Json;
let org: string;

before(async () => {
  folder = await makeFolder();
  first = await rosterJson(folder, ['init']);
  org = first.text('organization.id');
  server = await serve(folder);
});

after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
});

function checkOrganization(made: Json, name: string): void {
  assert.deepEqual(made.names(), ['organization', 'app', 'apiKey']);
  assert.deepEqual(made.names('organization'), ['id', 'name']);
  assert.deepEqual(made.names('app'), ['appId', 'appKey', 'clientSecret']);
  assert.match(made.text('organization.id'), orgId);
  assert.equal(made.at('organization.name'), name);
  assert.match(made.text('app.appId'), hex40);
  assert.match(made.text('app.appKey'), hex40);
  assert.match(made.text('app.clientSecret'), hex40);
  assert.match(made.text('apiKey'), apiKey);
}

const users = (): string => `${server.url}/sonar/v1/users`;

describe('init and org', () => {
  test('init creates the organization Default with an app and a working admin key', async () => {
    checkOrganization(first, 'Default');
    assert.equal(await statusOf(users(), first.text('apiKey')), 200);
  });

  test('init on an initialised folder is refused in one line and creates nothing', async () => {
    const { exitCode, lines } = await refused(folder, ['init', '--name', 'Other', '--json']);
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^roster: .* is initialised/);
    const names = readJson((await roster(folder, ['org', 'list', '--json'])).stdout).value;
    assert.ok(!JSON.stringify(names).includes('Other'));
  });

  test('org create creates another organization, and org list shows all, oldest first', async () => {
    const made = await rosterJson(folder, ['org', 'create', '--name', '  Meadow Clinic ']);
    checkOrganization(made, 'Meadow Clinic');
    assert.equal(await statusOf(users(), made.text('apiKey')), 200);
    const listed = await rosterJson(folder, ['org', 'list']);
    assert.deepEqual(listed.names('organizations.0'), ['id', 'name', 'createdAt']);
    assert.equal(listed.at('organizations.0.id'), org);
    assert.equal(listed.at('organizations.1.name'), 'Meadow Clinic');
    assert.match(listed.text('organizations.1.createdAt'), instant);
  });

  test('org list gives a page, with the exact number of all', async () => {
    for (const name of ['Third', 'Fourth', 'Fifth'])
      await rosterJson(folder, ['org', 'create', '--name', name]);
    const pages: string[][] = [];
    for (const page of ['1', '2', '3', '4']) {
      const listed = await rosterJson(folder, ['org', 'list', '--limit', '2', '--page', page]);
      assert.equal(listed.at('total'), 5);
      pages.push(listed.list('organizations').map((_, at) => listed.text(`organizations.${at}.name`)));
    }
    assert.deepEqual(pages, [['Default', 'Meadow Clinic'], ['Third', 'Fourth'], ['Fifth'], []]);
    const shown = await roster(folder, ['org', 'list', '--limit', '2', '--page', '3']);
    assert.match(shown.stdout, /Fifth.*\n\n5 organizations in all; page 3\n$/);
    const beyond = await refused(folder, ['org', 'list', '--limit', '1001']);
    assert.equal(beyond.exitCode, 2);
  });

  test('org rename gives another name, and lists show it', async () => {
    const id = (await rosterJson(folder, ['org', 'create', '--name', 'Hill'])).text('organization.id');
    const renamed = await rosterJson(folder, ['org', 'rename', id, '--name', '  Hill & Dale ']);
    assert.deepEqual(renamed.value, { id, name: 'Hill & Dale' });
    const listed = await rosterJson(folder, ['org', 'list']);
    const names = listed.list('organizations').map((_, at) => listed.at(`organizations.${at}.name`));
    assert.ok(names.includes('Hill & Dale'));
    const empty = await refused(folder, ['org', 'rename', id, '--name', ' ']);
    assert.deepEqual(empty, { exitCode: 1, lines: ['roster: the name is missing'] });
    const unknown = await refused(folder, ['org', 'rename', 'org_0', '--name', 'Hill']);
    assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such organization'] });
  });

  test('an organization with an empty name is refused', async () => {
    const result = await refused(folder, ['org', 'create', '--name', ' ']);
    assert.deepEqual(result, { exitCode: 1, lines: ['roster: the name is missing'] });
  });
});

describe('key', () => {
  test('creating, rotating and revoking a key take effect on the running server immediately', async () => {
    const made = await rosterJson(folder, ['key', 'create', '--org', org, '--role', 'reader']);
    assert.deepEqual(made.names(), ['id', 'role', 'apiKey']);
    assert.match(made.text('id'), keyId);
    assert.equal(made.at('role'), 'reader');
    assert.match(made.text('apiKey'), apiKey);
    assert.equal(await statusOf(users(), made.text('apiKey')), 200);

    const rotated = await rosterJson(folder, ['key', 'rotate', made.text('id')]);
    assert.deepEqual([rotated.at('id'), rotated.at('role')], [made.at('id'), 'reader']);
    assert.deepEqual(rotated.names(), ['id', 'role', 'apiKey']);
    assert.equal(await statusOf(users(), made.text('apiKey')), 401);
    assert.equal(await statusOf(users(), rotated.text('apiKey')), 200);

    const revoked = await rosterJson(folder, ['key', 'revoke', made.text('id')]);
    assert.deepEqual(revoked.value, { id: made.at('id'), revoked: true });
    assert.equal(await statusOf(users(), rotated.text('apiKey')), 401);
    for (const way of ['rotate', 'revoke']) {
      const result = await refused(folder, ['key', way, made.text('id')]);
      assert.deepEqual(result, { exitCode: 1, lines: ['roster: there is no such key, or it is revoked'] });
    }
  });

  test('the list shows everything except secrets', async () => {
    const days = 30;
    const words = ['key', 'create', '--org', org, '--role', 'member', '--expires', String(days)];
    const made = await rosterJson(folder, words);
    const listed = await rosterJson(folder, ['key', 'list', '--org', org]);
    const index = listed.list().findIndex((_, at) => listed.at(`${at}.id`) === made.at('id'));
    const names = ['id', 'name', 'organization', 'role', 'createdAt', 'usedAt', 'network', 'expiresAt'];
    const ends = ['revokedAt', 'formerUntil', 'formerUsedAt'];
    assert.deepEqual(listed.names(String(index)), [...names, ...ends]);
    assert.deepEqual(listed.at(`${index}.organization`), { id: org, name: 'Default' });
    assert.equal(listed.at(`${index}.revokedAt`), null);
    const lifeMs =
      Date.parse(listed.text(`${index}.expiresAt`)) - Date.parse(listed.text(`${index}.createdAt`));
    assert.ok(Math.abs(lifeMs - days * 86_400_000) < 5_000);
    assert.doesNotMatch(JSON.stringify(listed.value), /roster_/);
    const { stdout } = await roster(folder, ['key', 'list']);
    assert.ok(stdout.startsWith('ID ') && stdout.includes(made.text('id')));
    assert.doesNotMatch(stdout, /roster_/);
  });

  test('a key has a name and an end that can be changed, and its use is listed some seconds later', async () => {
    const words = ['key', 'create', '--org', org, '--role', 'reader', '--name', 'Nightly import'];
    const made = await rosterJson(folder, words);
    const id = made.text('id');
    const listed = async (): Promise<Json> => {
      const all = await rosterJson(folder, ['key', 'list', '--org', org]);
      const index = all.list().findIndex((_, at) => all.at(`${at}.id`) === id);
      return readJson(JSON.stringify(all.at(String(index))));
    };
    const first = await listed();
    assert.deepEqual([first.at('name'), first.at('usedAt')], ['Nightly import', null]);
    assert.equal(await statusOf(users(), made.text('apiKey')), 200);
    let used = await listed();
    while (used.at('usedAt') === null) used = await listed();
    assert.match(used.text('usedAt'), /:00:00\.000Z$/);
    assert.match(used.text('network'), /^(127\.0\.0\.0\/24|0:0:0::\/48)$/);
    const changed = await rosterJson(folder, ['key', 'set', id, '--name', 'Import', '--expires', '5']);
    assert.equal(changed.at('name'), 'Import');
    assert.match(changed.text('expiresAt'), instant);
    const endless = await rosterJson(folder, ['key', 'set', id, '--no-end']);
    assert.deepEqual([endless.at('name'), endless.at('expiresAt')], ['Import', null]);
    const nothing = await refused(folder, ['key', 'set', id]);
    assert.equal(nothing.exitCode, 2);
    const blank = await refused(folder, ['key', 'set', id, '--name', ' ']);
    assert.deepEqual(blank, { exitCode: 1, lines: ['roster: the name is missing'] });
  });

  test('a rotated key still works for the hours that the command names', async () => {
    const made = await rosterJson(folder, ['key', 'create', '--org', org, '--role', 'reader']);
    const rotated = await rosterJson(folder, ['key', 'rotate', made.text('id'), '--keep-hours', '24']);
    for (const key of [made, rotated]) assert.equal(await statusOf(users(), key.text('apiKey')), 200);
    const again = await rosterJson(folder, ['key', 'rotate', made.text('id')]);
    const keys = [made, rotated, again].map((key) => statusOf(users(), key.text('apiKey')));
    assert.deepEqual(await Promise.all(keys), [401, 401, 200]);
    const long = await refused(folder, ['key', 'rotate', made.text('id'), '--keep-hours', '169']);
    assert.equal(long.exitCode, 2);
  });

  test('the former key of a rotation is ended at once, and only once', async () => {
    const made = await rosterJson(folder, ['key', 'create', '--org', org, '--role', 'reader']);
    const id = made.text('id');
    const none = {
      exitCode: 1,
      lines: ['roster: no former key is left: a rotation leaves one with --keep-hours'],
    };
    assert.deepEqual(await refused(folder, ['key', 'set', id, '--end-former']), none);
    const rotated = await rosterJson(folder, ['key', 'rotate', id, '--keep-hours', '24']);
    assert.equal(await statusOf(users(), made.text('apiKey')), 200);
    const ended = await rosterJson(folder, ['key', 'set', id, '--end-former', '--name', 'Sync']);
    assert.deepEqual(ended.value, { id, name: 'Sync', expiresAt: null, formerEnded: true });
    assert.equal(await statusOf(users(), made.text('apiKey')), 401);
    assert.equal(await statusOf(users(), rotated.text('apiKey')), 200);
    assert.deepEqual(await refused(folder, ['key', 'set', id, '--end-former', '--name', 'No']), none);
    const keys = await rosterJson(folder, ['key', 'list', '--org', org]);
    const listed = keys
      .list()
      .map(Object)
      .find((key) => key.id === id);
    assert.deepEqual([listed?.name, listed?.formerUntil], ['Sync', null]);
    const events = await rosterJson(folder, [
      'audit',
      'list',
      '--org',
      org,
      '--action',
      'api_key.former_ended',
    ]);
    assert.deepEqual([events.at('events.0.subject.id'), events.at('total')], [id, 1]);
  });

  test('a key for an unknown organization is refused', async () => {
    const result = await refused(folder, ['key', 'create', '--org', 'org_0', '--role', 'admin']);
    assert.deepEqual(result, { exitCode: 1, lines: ['roster: there is no such organization'] });
  });
});

describe('app', () => {
  test('an app key works at the running server, and a new one replaces it immediately', async () => {
    const made = await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Walks']);
    assert.deepEqual(made.names(), ['appId', 'appKey', 'clientSecret']);
    const status = async (appKey: string): Promise<number> => {
      const authorization = `Basic ${Buffer.from(`${appKey}:`).toString('base64')}`;
      const url = `${server.url}/humanapi/v1/apps/${made.text('appId')}/users`;
      return (await fetch(url, { headers: { authorization } })).status;
    };
    assert.equal(await status(made.text('appKey')), 200);
    const rotated = await rosterJson(folder, ['app', 'rotate', made.text('appId')]);
    assert.deepEqual(rotated.names(), ['appId', 'appKey']);
    assert.equal(rotated.at('appId'), made.at('appId'));
    assert.deepEqual([await status(made.text('appKey')), await status(rotated.text('appKey'))], [401, 200]);
  });

  test('app rename gives another name, and lists show it', async () => {
    const made = await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Strolls']);
    const appId = made.text('appId');
    const renamed = await rosterJson(folder, ['app', 'rename', appId, '--name', ' Hikes']);
    assert.deepEqual(renamed.value, { appId, name: 'Hikes' });
    const listed = await rosterJson(folder, ['app', 'list']);
    const index = listed.list().findIndex((_, at) => listed.at(`${at}.appId`) === appId);
    assert.equal(listed.at(`${index}.name`), 'Hikes');
    const empty = await refused(folder, ['app', 'rename', appId, '--name', ' ']);
    assert.deepEqual(empty, { exitCode: 1, lines: ['roster: the name is missing'] });
    const unknown = await refused(folder, ['app', 'rename', '0'.repeat(40), '--name', 'Hikes']);
    assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such app'] });
  });

  test('app brand gives a colour and a logo from a file', async () => {
    const appId = (await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Climbs'])).text(
      'appId',
    );
    const logo = join(folder, 'logo.jpg');
    await writeFile(logo, Buffer.from('ffd8ffe000104a464946', 'hex'));
    const branded = await rosterJson(folder, ['app', 'brand', appId, '--colour', '#1A2b3c', '--logo', logo]);
    assert.deepEqual(branded.value, { appId, colour: '#1a2b3c', hasLogo: true });
    const without = await rosterJson(folder, ['app', 'brand', appId, '--logo', 'none']);
    assert.deepEqual(without.value, { appId, colour: '#1a2b3c', hasLogo: false });
    await writeFile(logo, '<svg/>');
    const svg = await refused(folder, ['app', 'brand', appId, '--logo', logo, '--colour', 'red']);
    assert.deepEqual(svg.lines, ['roster: the colour is not valid', 'roster: the logo is not valid']);
    const missing = await refused(folder, ['app', 'brand', appId, '--logo', join(folder, 'nothing.png')]);
    assert.deepEqual([missing.exitCode, missing.lines.length], [1, 1]);
    assert.equal((await refused(folder, ['app', 'brand', appId])).exitCode, 2);
  });

  test('closing sign-up takes effect on the running server, and the list shows it', async () => {
    const appId = (await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Runs'])).text('appId');
    const signUp = async (): Promise<number> => {
      const headers = { 'content-type': 'application/json', 'x-app-id': appId };
      return (await fetch(`${server.url}/general/v1/users`, { method: 'POST', headers, body: '{}' })).status;
    };
    assert.equal(await signUp(), 422);
    const set = await rosterJson(folder, ['app', 'set', appId, '--signup', 'closed']);
    assert.deepEqual(set.value, { appId, signup: 'closed', oneAccount: false, origins: [] });
    assert.equal(await signUp(), 403);
    const listed = await rosterJson(folder, ['app', 'list', '--org', org]);
    const index = listed.list().findIndex((_, at) => listed.at(`${at}.appId`) === appId);
    assert.deepEqual(listed.names(String(index)), [
      ...['appId', 'name', 'organization', 'signup', 'oneAccount', 'origins', 'createdAt'],
    ]);
    assert.deepEqual([listed.at(`${index}.name`), listed.at(`${index}.signup`)], ['Runs', 'closed']);
    await rosterJson(folder, ['app', 'set', appId, '--signup', 'open']);
    assert.equal(await signUp(), 422);
  });

  test('a client secret works at the running server, and a new one replaces only the secret', async () => {
    const made = await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Swims']);
    const ask = async (secret: string): Promise<number> => {
      const body = {
        client_id: made.text('appId'),
        client_secret: secret,
        client_user_id: 'a',
        type: 'session',
      };
      const headers = { 'content-type': 'application/json' };
      const url = `${server.url}/v1/connect/token`;
      return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    assert.equal(await ask(made.text('clientSecret')), 200);
    const rotated = await rosterJson(folder, ['app', 'rotate', made.text('appId'), '--client-secret']);
    assert.deepEqual(rotated.names(), ['appId', 'clientSecret']);
    assert.deepEqual(
      [await ask(made.text('clientSecret')), await ask(rotated.text('clientSecret'))],
      [401, 200],
    );
    const users = `${server.url}/humanapi/v1/apps/${made.text('appId')}/users`;
    const authorization = `Basic ${Buffer.from(`${made.text('appKey')}:`).toString('base64')}`;
    assert.equal((await fetch(users, { headers: { authorization } })).status, 200, 'the key is as it was');
  });

  test('origins are listed, replaced and removed; an invalid origin is refused', async () => {
    const appId = (await rosterJson(folder, ['app', 'create', '--org', org, '--name', 'Rows'])).text('appId');
    const set = (list: string): Promise<Json> => rosterJson(folder, ['app', 'set', appId, '--origins', list]);
    const two = ['https://app.example.com', 'http://localhost:3000'];
    assert.deepEqual((await set(`${two.join(', ')},${two[0]}/`)).value, {
      ...{ appId, signup: 'open', oneAccount: false, origins: two },
    });
    const one = await rosterJson(folder, ['app', 'set', appId, '--one-account', 'on']);
    assert.deepEqual(one.value, { appId, signup: 'open', oneAccount: true, origins: two });
    const listed = await rosterJson(folder, ['app', 'list', '--org', org]);
    const index = listed.list().findIndex((_, at) => listed.at(`${at}.appId`) === appId);
    assert.deepEqual(listed.at(`${index}.origins`), two);
    for (const wrong of ['https://*.example.com', 'https://a.example/x', 'example.com', 'ftp://a.example']) {
      const result = await refused(folder, ['app', 'set', appId, '--origins', wrong]);
      assert.deepEqual(result, { exitCode: 1, lines: ['roster: the origin list is not valid'] }, wrong);
    }
    assert.deepEqual((await set('none')).at('origins'), []);
  });

  test('a call without a change is refused', async () => {
    const result = await refused(folder, ['app', 'set', 'a1']);
    assert.equal(result.exitCode, 2);
    assert.equal(result.lines[0], 'roster: nothing to change: give --signup, --one-account or --origins');
  });

  test('an unknown app is refused', async () => {
    for (const words of [
      ['app', 'rotate', 'a1'],
      ['app', 'rotate', 'a1', '--client-secret'],
      ['app', 'set', 'a1', '--origins', 'none'],
      ['app', 'set', 'a1', '--signup', 'open'],
    ]) {
      const result = await refused(folder, words);
      assert.deepEqual(result, { exitCode: 1, lines: ['roster: there is no such app'] });
    }
  });
});

describe('admin', () => {
  const create = ['admin', 'create', '--org'];

  test('an admin is confirmed, and the token opens a session with the role admin', async () => {
    const made = await rosterJson(folder, [...create, org, '--email', 'ada@example.com'], password);
    assert.deepEqual(made.names(), ['id', 'userId', 'token']);
    assert.ok(Number.isSafeInteger(made.at('id')));
    assert.match(made.text('userId'), /^usr_[0-9a-f]{32}$/);
    const headers = { 'x-user-token': made.text('token') };
    const answer = await fetch(`${server.url}/general/v1/users/${made.at('id')}`, { headers });
    const user = readJson(await answer.text());
    assert.deepEqual([user.at('role'), user.at('confirmed'), user.at('active')], ['admin', true, true]);
    const again = await refused(folder, [...create, org, '--email', 'ADA@example.com'], password);
    assert.deepEqual(again, { exitCode: 1, lines: ['roster: the email has already been taken'] });
  });

  test('every invalid value is reported, and the password is not shown', async () => {
    const bad = { ROSTER_ADMIN_PASSWORD: 'qwertz7' };
    const { exitCode, lines } = await refused(folder, [...create, org, '--email', 'ada'], bad);
    assert.equal(exitCode, 1);
    assert.deepEqual(lines, [
      'roster: the email is not valid',
      'roster: the password must have at least 8 characters',
    ]);
  });

  test('without a password and a terminal, the message names the setting', async () => {
    const { exitCode, lines } = await refused(folder, [...create, org, '--email', 'bo@example.com']);
    assert.equal(exitCode, 1);
    assert.match(lines.join('\n'), /^roster: set ROSTER_ADMIN_PASSWORD, .*terminal.*$/);
  });
});
