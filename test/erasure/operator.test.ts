/**
 * The operator's commands for erasures: lists and details, verification of receipts without a server, rotation of
 * keys.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import {
  makeFolder,
  readJson,
  refused,
  removeFolder,
  roster,
  rosterJson,
  type Serving,
  serve,
} from '../cli/program.ts';
import { slowTest as test } from '../support/effort.ts';

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const settings = { ROSTER_SECRET: 'a-secret-of-the-operator-under-test' };

let folder: string;
let elsewhere: string;
let server: Serving;
let apiKey: string;
let org: string;
let receiptFile: string;

before(async () => {
  [folder, elsewhere] = [await makeFolder(), await makeFolder()];
  server = await serve(folder, settings);
  apiKey = server.output.text('apiKey');
  org = server.output.text('organization.id');
  receiptFile = join(elsewhere, 'receipt.jws');
});
after(async () => {
  await server.stop('SIGTERM');
  await removeFolder(folder);
  await removeFolder(elsewhere);
});

const ask = (method: string, path: string, body?: object) =>
  fetch(`${server.url}/sonar/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

async function eraseUser(): Promise<string> {
  const made = readJson(await (await ask('POST', '/users', { reference_id: crypto.randomUUID() })).text());
  const answer = await ask('DELETE', `/users/${made.text('data.id')}`);
  assert.equal(answer.status, 204);
  return answer.headers.get('x-erasure-id') ?? '';
}

async function untilComplete(id: string): Promise<string> {
  for (let tries = 0; tries < 4_000; tries += 1) {
    const shown = readJson(await (await ask('GET', `/erasures/${id}`)).text());
    if (shown.at('data.state') === 'complete') return shown.text('data.receipt');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${id} was never complete`);
}

const verify = (file: string, ...words: string[]) => roster(elsewhere, ['erasure', 'verify', file, ...words]);

describe('erasure list and show', () => {
  test('show the result of each erasure, newest first, and never the person', async () => {
    const first = await eraseUser();
    const second = await eraseUser();
    const receipt = await untilComplete(second);
    await untilComplete(first);
    await writeFile(receiptFile, `${receipt}\n`);
    const listed = await rosterJson(folder, ['erasure', 'list'], settings);
    const fields = ['id', 'organization', 'state', 'requestedAt', 'requestedBy', 'door', 'completedAt'];
    assert.deepEqual(listed.names('0'), fields);
    assert.deepEqual([listed.at('0.id'), listed.at('1.id')], [second, first]);
    assert.deepEqual([listed.at('0.organization.id'), listed.at('0.state')], [org, 'complete']);
    assert.deepEqual([listed.at('0.requestedBy'), listed.at('0.door')], ['api_key', 'sonar']);
    assert.match(listed.text('0.requestedAt'), instant);
    assert.match(listed.text('0.completedAt'), instant);
    const one = await rosterJson(
      folder,
      ['erasure', 'list', '--limit', '1', '--state', 'complete'],
      settings,
    );
    assert.equal(one.list().length, 1);
    for (const state of ['running', 'overdue']) {
      const none = await rosterJson(folder, ['erasure', 'list', '--state', state], settings);
      assert.deepEqual(none.value, []);
    }
    const shown = await rosterJson(folder, ['erasure', 'show', second], settings);
    assert.deepEqual(shown.names(), [
      ...fields,
      ...['userIdSha256', 'removed', 'providers', 'abandonedBecause', 'replayedAt', 'receipt'],
    ]);
    assert.partialDeepStrictEqual(shown.value, {
      ...{
        id: second,
        removed: { users: 1 },
        providers: [],
        abandonedBecause: null,
        replayedAt: null,
        receipt,
      },
    });
    const forPeople = await roster(folder, ['erasure', 'show', second], settings);
    assert.match(forPeople.stdout, /State +complete\n/);
    assert.match(forPeople.stdout, /Rows removed +users 1/);
  });

  test('refuse unknown ids', async () => {
    const told = await refused(folder, ['erasure', 'show', 'era_none'], settings);
    assert.deepEqual(told, { exitCode: 1, lines: ['roster: there is no such erasure'] });
    const wrong = await refused(folder, ['erasure', 'list', '--state', 'done'], settings);
    assert.equal(wrong.exitCode, 2);
  });

  test('abandon accepts only erasures that wait for a provider', async () => {
    const [newest] = (await rosterJson(folder, ['erasure', 'list'], settings)).list();
    const { id } = Object(newest);
    const told = await refused(folder, ['erasure', 'abandon', id, '--reason', 'None.'], settings);
    assert.deepEqual(told, { exitCode: 1, lines: ['roster: the erasure waits for no provider'] });
    const unknown = await refused(folder, ['erasure', 'abandon', 'era_none', '--reason', 'None.'], settings);
    assert.deepEqual(unknown, { exitCode: 1, lines: ['roster: there is no such erasure'] });
  });
});

describe('erasure verify', () => {
  test('needs no database and no server, only the keys of a folder or of a file', async () => {
    await copyFile(join(folder, 'receipt-keys.json'), join(elsewhere, 'receipt-keys.json'));
    const valid = await rosterJson(elsewhere, ['erasure', 'verify', receiptFile]);
    assert.deepEqual(valid.names(), ['valid', 'kid', 'claims']);
    assert.equal(valid.at('valid'), true);
    assert.deepEqual(valid.at('claims.removed.users'), 1);
    const jwks = join(elsewhere, 'jwks.json');
    await writeFile(jwks, await (await fetch(`${server.url}/.well-known/jwks.json`)).text());
    const { exitCode, stdout } = await verify(receiptFile, '--jwks', jwks);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Valid, signed with [\w-]{43}:\n/);
  });

  test('ends with 1 and one line with the reason for any text that is no receipt of these keys', async () => {
    const receipt = (await readFile(receiptFile, 'utf8')).trim();
    const [head = '', payload = '', signature = ''] = receipt.split('.');
    const swapped = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const cases: [string, string][] = [
      [
        `${head}.${payload.slice(0, -4)}AAAA.${signature}`,
        'Not valid: it was changed after it was signed.\n',
      ],
      [`${head}.${payload}.${signature.slice(0, -9)}`, 'Not valid: it was changed after it was signed.\n'],
      [`${swapped}.${payload}.`, 'Not valid: this is not the receipt of an erasure.\n'],
      ['', 'Not valid: this is not the receipt of an erasure.\n'],
      ['\u0000\u0001 no text at all', 'Not valid: this is not the receipt of an erasure.\n'],
    ];
    const file = join(elsewhere, 'altered.jws');
    for (const [text, told] of cases) {
      await writeFile(file, text);
      const { exitCode, stdout, stderr } = await verify(file);
      assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 1, stdout: told, stderr: '' });
    }
    const json = await roster(elsewhere, ['erasure', 'verify', file, '--json']);
    assert.deepEqual(JSON.parse(json.stdout), { valid: false, reason: 'malformed' });
    assert.equal(json.exitCode, 1);
  });

  test('distinguishes a key set without the key from a file that is no key set', async () => {
    const jwks = join(elsewhere, 'other.json');
    await writeFile(jwks, '{"keys":[null,{"kty":"RSA","kid":"x"}]}');
    const unknown = await verify(receiptFile, '--jwks', jwks);
    assert.deepEqual(
      [unknown.exitCode, unknown.stdout],
      [1, 'Not valid: it is signed with none of these keys.\n'],
    );
    await writeFile(jwks, 'no keys');
    const none = await refused(elsewhere, ['erasure', 'verify', receiptFile, '--jwks', jwks]);
    assert.deepEqual(none, { exitCode: 1, lines: [`roster: ${jwks} is not a JSON Web Key Set`] });
    for (const path of [join(elsewhere, 'nowhere'), elsewhere]) {
      const absent = await refused(elsewhere, ['erasure', 'verify', path]);
      assert.equal(absent.exitCode, 1);
      assert.equal(absent.lines.length, 1);
      assert.match(absent.lines[0] ?? '', /cannot be read/);
    }
  });

  test('still verifies receipts that a former key has signed', async () => {
    const before = readJson(await readFile(join(folder, 'receipt-keys.json'), 'utf8'));
    const rotated = await rosterJson(folder, ['erasure', 'rotate-key'], settings);
    assert.deepEqual(rotated.names(), ['kid']);
    const fresh = await untilComplete(await eraseUser());
    const file = join(elsewhere, 'fresh.jws');
    await writeFile(file, fresh);
    const later = await rosterJson(folder, ['erasure', 'verify', file], settings);
    assert.equal(later.at('kid'), rotated.at('kid'));
    const old = await rosterJson(folder, ['erasure', 'verify', receiptFile], settings);
    assert.equal(old.at('kid'), before.at('keys.0.kid'));
    const published = readJson(await (await fetch(`${server.url}/.well-known/jwks.json`)).text());
    assert.equal(published.list('keys').length, 2);
    // The former key set has the old key only.
    const { exitCode } = await verify(file);
    assert.equal(exitCode, 1);
  });
});
