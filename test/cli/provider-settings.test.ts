/** The messages of a start with invalid providers, or with providers that production does not allow. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pressStart } from '../support/server/demo-person.ts';
import type { Settings } from './command-host.ts';
import { makeFolder, readJson, refused, removeFolder, rosterJson, serve } from './program.ts';

let folder: string;
before(async () => {
  folder = await makeFolder();
});
after(() => removeFolder(folder));

const acme = {
  name: 'acme',
  title: 'Acme Band',
  client_id: 'id-1',
  client_secret: 'secret-of-acme',
  authorization_endpoint: 'https://acme.example/oauth/authorize',
  token_endpoint: 'https://acme.example/oauth/token',
  revocation_endpoint: 'https://acme.example/oauth/revoke',
};
const production = {
  NODE_ENV: 'production',
  ROSTER_SECRET: 'a-secret-of-more-than-32-characters',
  ROSTER_SMS: 'outbox',
  ROSTER_EMAIL: 'outbox',
  ROSTER_PUBLIC_URL: 'https://roster.example.com',
};

/** The faults that a refused start reports about a file of providers with this content. */
async function faultsOf(content: unknown, settings: Settings = {}): Promise<readonly string[]> {
  const path = join(folder, 'providers.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  const all = { PORT: '0', ROSTER_PROVIDERS_FILE: path, ...settings };
  const { exitCode, lines } = await refused(folder, ['serve'], all);
  assert.equal(exitCode, 1);
  return lines.map((line) => line.replace(path, 'FILE'));
}

describe('a server does not start', () => {
  test('with invalid providers in the file, and reports each fault in a line of its own', async () => {
    const broken = { ...acme, token_endpoint: 'http://acme.example', pkce: 'yes', colour: 'red' };
    assert.deepEqual(await faultsOf({ providers: [broken] }), [
      'roster: ROSTER_PROVIDERS_FILE providers[0].token_endpoint must be an https URL, or an http URL of this machine',
      'roster: ROSTER_PROVIDERS_FILE providers[0].pkce must be true or false',
      'roster: ROSTER_PROVIDERS_FILE providers[0].colour is not known',
    ]);
  });

  for (const [what, content, line] of [
    ['that is not JSON', '{', 'names a file that is not JSON: FILE'],
    ['that is not an object', [], 'the file must be an object'],
    [
      'with two providers of one name',
      { providers: [acme, acme] },
      'providers[1].name is taken by another provider',
    ],
    [
      "with the demo's name",
      { providers: [{ ...acme, name: 'demo' }] },
      'providers[0].name is reserved for the demo provider',
    ],
    [
      'without a way to end access',
      { providers: [{ ...acme, revocation_endpoint: undefined }] },
      'providers[0].end must be an object, unless there is a revocation_endpoint',
    ],
  ] as const) {
    test(`with a file ${what}`, async () => {
      const lines = await faultsOf(content);
      assert.equal(lines[0], `roster: ROSTER_PROVIDERS_FILE ${line}`);
    });
  }

  test('with a missing file', async () => {
    const path = join(folder, 'nowhere.json');
    const { exitCode, lines } = await refused(folder, ['serve'], { ROSTER_PROVIDERS_FILE: path });
    assert.equal(exitCode, 1);
    assert.deepEqual(lines, [`roster: ROSTER_PROVIDERS_FILE names a file that cannot be read: ${path}`]);
  });

  test('in production with plain HTTP to a provider, or with the demo provider', async () => {
    const local = { ...acme, token_endpoint: 'http://127.0.0.1:9000/token' };
    assert.deepEqual(await faultsOf({ providers: [local] }, production), [
      'roster: ROSTER_PROVIDERS_FILE providers[0].token_endpoint must be an https URL',
    ]);
    const { exitCode, lines } = await refused(folder, ['serve'], {
      ...production,
      ROSTER_DEMO_PROVIDER: 'on',
    });
    assert.equal(exitCode, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^roster: ROSTER_DEMO_PROVIDER .*production/);
  });

  test('with an incomplete client of a preset', async () => {
    const { lines } = await refused(folder, ['serve'], { ROSTER_PROVIDER_OURA_CLIENT_ID: 'id-1' });
    assert.deepEqual(lines.length, 1);
    assert.match(lines[0] ?? '', /^roster: ROSTER_PROVIDER_OURA_CLIENT_SECRET must be set with /);
  });
});

test('a preset with a client, a provider of the file and the demo provider are all switched on', async () => {
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify({ providers: [acme] }));
  const settings = {
    ROSTER_PROVIDERS_FILE: path,
    ROSTER_PROVIDER_OURA_CLIENT_ID: 'id-1',
    ROSTER_PROVIDER_OURA_CLIENT_SECRET: 'secret-1',
  };
  const fresh = await makeFolder();
  const server = await serve(fresh, settings);
  try {
    const listed = await rosterJson(fresh, ['provider', 'list'], settings);
    assert.deepEqual(
      listed.list().map((_, index) => [listed.at(`${index}.name`), listed.at(`${index}.on`)]),
      [
        ['acme', true],
        ['demo', true],
        ['oura', true],
      ],
    );
    const headers = {
      authorization: `Bearer ${server.output.text('apiKey')}`,
      'content-type': 'application/json',
    };
    const users = `${server.url}/sonar/v1/users`;
    const made = await fetch(users, { method: 'POST', headers, body: '{}' });
    const devices = `${users}/${readJson(await made.text()).text('data.id')}/devices`;
    const connect = async (provider: string) => {
      const answer = await fetch(devices, { method: 'POST', headers, body: JSON.stringify({ provider }) });
      return { status: answer.status, body: readJson(await answer.text()) };
    };
    const started = await connect('oura');
    assert.equal(started.status, 200);
    const address = await pressStart(started.body.text('data.auth_url'), new Map());
    assert.equal(new URL(address).host, 'cloud.ouraring.com');
    const refused = await connect('fitbit');
    assert.equal(refused.status, 422);
    assert.deepEqual(refused.body.at('details'), { provider: ['must be one of acme, demo, oura'] });
  } finally {
    await server.stop('SIGTERM');
    await removeFolder(fresh);
  }
});

test('in production the demo provider is not listed and does not answer', async () => {
  const server = await serve(folder, production);
  try {
    const listed = await rosterJson(folder, ['provider', 'list'], production);
    assert.deepEqual(listed.value, []);
    const answer = await fetch(`${server.url}/demo-provider/.well-known/openid-configuration`);
    assert.equal(answer.status, 404);
  } finally {
    await server.stop('SIGTERM');
  }
});
