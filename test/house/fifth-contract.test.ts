/**
 * A fifth contract is one folder and one line in a list. The source is copied, the folder put beside the other
 * four and the line into the list; then the program is started from there, and nothing else was changed.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toUserIdText } from '../../src/core/ids.ts';
import type { Serving } from '../cli/program.ts';
import { type Client, createClient } from '../support/http.ts';
import { createOpenApiCheck, type OpenApiDocument } from '../support/openapi-check.ts';
import { bareId } from '../support/people.ts';
import { openRows } from '../support/rows.ts';

/** What starts the program, taken from the copy, so that it starts the copy. */
type Program = typeof import('../cli/program.ts');

const root = join(import.meta.dirname, '..', '..');
const names = ['sonar', 'general', 'humanapi', 'organization', 'badge'];

describe('a fifth contract', () => {
  let copy: string;
  let data: string;
  let program: Program;
  let serving: Serving;
  let client: Client;
  let bearer: string;

  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'roster-fifth-'));
    await copySource(copy);
    await addFolder(copy);
    await addLine(join(copy, 'src', 'contracts', 'index.ts'));
    data = join(copy, 'data');
    program = await import(join(copy, 'test', 'cli', 'program.ts'));
    bearer = (await program.rosterJson(data, ['init'])).text('apiKey');
    serving = await program.serve(data);
    const url = serving.url.replace('localhost', '127.0.0.1');
    client = createClient(url, async () => createOpenApiCheck(await readDocuments(url)));
  });
  after(async () => {
    client.close();
    assert.equal((await serving.stop('SIGTERM')).exitCode, 0);
    await rm(copy, { recursive: true });
  });

  const ways = {
    'its host': { prefix: '', ask: { host: 'badge.example.com' } },
    'its prefix': { prefix: '/badge', ask: {} },
    'its bare path': { prefix: '', ask: {} },
  };
  for (const [title, { prefix, ask }] of Object.entries(ways)) {
    test(`answers on ${title}`, async () => {
      const path = `${prefix}/v3/badges`;
      const made = await client.call(`POST ${path}`, { ...ask, bearer, json: { zone: 'Europe/London' } });
      assert.deepEqual([made.status, made.contract, made.operation], [201, 'badge', 'createBadge']);
      const id = made.string('badge');
      const read = await client.call(`GET ${path}/${id}`, { ...ask, bearer });
      assert.deepEqual(read.body, { badge: id, zone: 'Europe/London' });
      const elsewhere = await client.call(`GET /organization/api/v1/users/${toUserIdText(id)}`, { bearer });
      assert.equal(elsewhere.status, 200);
      assert.equal((await client.call(`DELETE ${path}/${id}`, { ...ask, bearer })).status, 204);
      assert.equal((await client.call(`GET ${path}/${id}`, { ...ask, bearer })).status, 404);
    });
  }

  test('refuses in its own envelope what the server refuses for it', async () => {
    const path = '/badge/v3/badges';
    const type = { 'content-type': 'text/plain' };
    const refusals = [
      [401, 'unauthorized', client.call(`POST ${path}`)],
      [404, 'route_not_found', client.call('GET /badge/nowhere')],
      [405, 'method_not_allowed', client.call(`PATCH ${path}`, { bearer })],
      [418, 'invalid_fields', client.call(`POST ${path}`, { bearer, json: { zone: 'Nowhere/City' } })],
      [418, 'invalid_fields', client.call(`POST ${path}`, { bearer, json: { badge: 'mine' } })],
      [400, 'malformed_body', client.call(`POST ${path}`, { bearer, json: [] })],
      [415, 'unsupported_media_type', client.call(`POST ${path}`, { bearer, body: 'x', headers: type })],
      [413, 'payload_too_large', client.call(`POST ${path}`, { bearer, json: 'x'.repeat(300_000) })],
      [404, 'user_not_found', client.call(`GET ${path}/usr_1`, { bearer })],
    ] as const;
    for (const [status, code, asked] of refusals) {
      const reply = await asked;
      assert.equal(reply.status, status, code);
      assert.deepEqual(reply.body, { refused: code });
    }
  });

  test('has an OpenAPI document and a place in the reference', async () => {
    const document = (await readDocuments(client.baseUrl)).get('badge');
    assert.deepEqual(Object.keys(document?.paths ?? {}), ['/v3/badges', '/v3/badges/{badge}']);
    const page = await (await fetch(`${client.baseUrl}/docs`)).text();
    for (const name of names)
      assert.ok(page.includes(`/openapi/${name}.json`), `${name} is in the reference`);
  });

  test('is beside the four in what the operator sees of a user', async () => {
    const made = await client.call('POST /sonar/v1/users', { bearer });
    const id = made.string('data.id');
    const shown = await program.rosterJson(data, ['user', 'show', id]);
    assert.deepEqual(shown.names(), [...names, 'directory']);
    assert.deepEqual(shown.at('badge'), { badge: bareId(id), zone: 'UTC' });
    const { stdout } = await program.roster(data, ['user', 'show', id]);
    assert.match(stdout, /badge/);
  });

  test('its name stands in the audit event of what came through it', async () => {
    assert.equal((await client.call('POST /v3/badges', { bearer })).status, 201);
    const rows = openRows(data);
    after(() => rows.close());
    assert.equal(rows.all('audit_events').at(-1)?.['door'], 'badge');
  });
});

async function copySource(folder: string): Promise<void> {
  for (const part of ['bin', 'src', join('test', 'cli')])
    await cp(join(root, part), join(folder, part), { recursive: true });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
}

/** The folder, with its imports as they are in its place. */
async function addFolder(folder: string): Promise<void> {
  const from = join(import.meta.dirname, 'badge');
  const to = join(folder, 'src', 'contracts', 'badge');
  await mkdir(to);
  for (const file of await readdir(from)) {
    const text = await readFile(join(from, file), 'utf8');
    await writeFile(join(to, file), text.replaceAll("'../../../src/", "'../../"));
  }
}

/** The line in the list, and the import that it needs. */
async function addLine(file: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  const changed = text
    .replace(/^(import .*organization.*)$/m, "$1\nimport { badgeContract } from './badge/contract.ts';")
    .replace(/^( *)organizationContract,$/m, '$1organizationContract,\n$1badgeContract,');
  assert.equal(changed.split('\n').length, text.split('\n').length + 2);
  await writeFile(file, changed);
}

async function readDocuments(baseUrl: string): Promise<Map<string, OpenApiDocument>> {
  const documents = new Map<string, OpenApiDocument>();
  for (const name of names) {
    const answer = await fetch(`${baseUrl}/openapi/${name}.json`);
    assert.equal(answer.status, 200, name);
    documents.set(name, (await answer.json()) as OpenApiDocument);
  }
  return documents;
}
