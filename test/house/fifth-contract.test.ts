/**
 * A fifth contract is one folder and one line in a list. The source is copied, the folder put beside the other four and
 * the line into the list; then the program runs from there, and so do the tests that every contract must pass.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe } from 'node:test';
import { cyclesOf } from '../../tools/tidy/cycles.ts';
import { describeFinding, findingsOf, rules } from '../../tools/tidy/rules.ts';
import { readProject } from '../../tools/tidy/source.ts';
import type { Serving } from '../cli/program.ts';
import { createOpenApiCheck, type OpenApiDocument } from '../support/contracts/openapi-check.ts';
import { bareId } from '../support/contracts/people.ts';
import { slowTestMs, slowTest as test } from '../support/effort.ts';
import { type Client, createClient } from '../support/server/http.ts';
import { openRows } from '../support/server/rows.ts';
import { copyWith } from './contract-copy.ts';

/** What starts the program and knows its contracts, taken from the copy. */
type Program = typeof import('../cli/program.ts');
type Documents = typeof import('../support/contracts/documents.ts');

const names = ['sonar', 'general', 'humanapi', 'organization', 'badge'];
const badgeType = 'application/badge+json';
const path = '/badge/v3/badges';

/** The badge contract, and a variant of it for programs of the deployment alone. */
const variants = [
  { name: 'badge', changes: [] },
  {
    name: 'desk',
    changes: [
      ['claims: (path) => /^\\/v3\\/(badges|returns)(\\/|$)/.test(path),', 'claims: () => false,'],
      ['  allowsBrowsers: false,', '  isInternal: true,\n  hasOwnHost: false,\n  allowsBrowsers: false,'],
      ['badge', 'desk'],
      ['Badge', 'Desk'],
    ],
  },
] as const;

let copy: string;
before(async () => {
  copy = await copyWith(variants);
});
after(() => rm(copy, { recursive: true }));

describe('a fifth contract', () => {
  let data: string;
  let program: Program;
  let serving: Serving;
  let client: Client;
  let bearer: string;

  before(async () => {
    data = join(copy, 'data');
    program = await import(join(copy, 'test', 'cli', 'program.ts'));
    const { readDocuments }: Documents = await import(
      join(copy, 'test', 'support', 'contracts', 'documents.ts')
    );
    bearer = (await program.rosterJson(data, ['init'])).text('apiKey');
    serving = await program.serve(data);
    const url = serving.url.replace('localhost', '127.0.0.1');
    client = createClient(url, async () => {
      const documents = (await readDocuments(url)).map(([name, text]): [string, OpenApiDocument] => {
        return [name, JSON.parse(text)];
      });
      return createOpenApiCheck(new Map(documents));
    });
  });
  after(async () => {
    client.close();
    assert.equal((await serving.stop('SIGTERM')).exitCode, 0);
  });

  const publicUrl = (): string => client.baseUrl.replace('127.0.0.1', 'localhost');
  const make = async (json: object = {}) => {
    const made = await client.call(`POST ${path}`, { bearer, json });
    assert.equal(made.status, 201, made.text);
    return { id: made.string('badge'), tag: made.header('etag'), reply: made };
  };

  const ways = {
    'its host': { prefix: '', ask: { host: 'badge.example.com' } },
    'its prefix': { prefix: '/badge', ask: {} },
    'its bare path': { prefix: '', ask: {} },
  };
  for (const [title, { prefix, ask }] of Object.entries(ways)) {
    test(`answers on ${title}, and a badge has one address on each`, async () => {
      const badges = `${prefix}/v3/badges`;
      const made = await client.call(`POST ${badges}`, { ...ask, bearer, json: { zone: 'Europe/London' } });
      assert.deepEqual([made.status, made.contract, made.operation], [201, 'badge', 'createBadge']);
      const id = made.string('badge');
      const location = `${publicUrl()}/badge/v3/badges/${id}`;
      assert.equal(made.header('location'), location);
      const read = await client.call(`GET ${badges}/${id}`, { ...ask, bearer });
      assert.deepEqual(read.body, { badge: id, holder: null, zone: 'Europe/London', meta: { location } });
      const found = await fetch(location, { headers: { authorization: `Bearer ${bearer}` } });
      assert.equal(await found.text(), read.text, 'the address leads to the badge');
      const elsewhere = await client.call(`GET /organization/api/v1/users/usr_${id}`, { bearer });
      assert.equal(elsewhere.status, 200);
      assert.equal((await client.call(`DELETE ${badges}/${id}`, { ...ask, bearer })).status, 204);
      assert.equal((await client.call(`GET ${badges}/${id}`, { ...ask, bearer })).status, 404);
    });
  }

  test('refuses in its own envelope and media type what the server refuses for it', async () => {
    const plain = { 'content-type': 'text/plain' };
    const refusals = [
      [401, { refused: 'unauthorized' }, client.call(`POST ${path}`)],
      [404, { refused: 'route_not_found' }, client.call('GET /badge/nowhere')],
      [405, { refused: 'method_not_allowed' }, client.call(`PUT ${path}`, { bearer })],
      [422, { refused: 'invalid_fields', about: ['timezone'] }, post({ zone: 'Nowhere/City' })],
      [422, { refused: 'invalid_fields', about: ['badge'] }, post({ badge: 'mine' })],
      [400, { refused: 'malformed_body' }, post([])],
      [
        415,
        { refused: 'unsupported_media_type' },
        client.call(`POST ${path}`, { bearer, body: 'x', headers: plain }),
      ],
      [413, { refused: 'payload_too_large' }, post('x'.repeat(300_000))],
      [404, { refused: 'user_not_found' }, client.call(`GET ${path}/usr_1`, { bearer })],
    ] as const;
    for (const [status, body, asked] of refusals) {
      const reply = await asked;
      assert.equal(reply.status, status, body.refused);
      assert.deepEqual(reply.body, body);
      assert.equal(reply.header('content-type'), badgeType);
    }
  });
  const post = (json: unknown) => client.call(`POST ${path}`, { bearer, json });

  test('answers in its media type, and takes bodies in it beside JSON', async () => {
    for (const type of [badgeType, 'application/json', `${badgeType}; charset=utf-8`]) {
      const ask = { bearer, body: '{"zone":"Europe/Paris"}', headers: { 'content-type': type } };
      const made = await client.call(`POST ${path}`, ask);
      assert.equal(made.string('zone'), 'Europe/Paris', type);
      assert.equal(made.header('content-type'), badgeType);
    }
    const foreign = { bearer, body: '{}', headers: { 'content-type': badgeType } };
    assert.equal((await client.call('POST /sonar/v1/users', foreign)).status, 415);
  });

  test('names the state of a badge by a tag, for reads and changes on condition', async () => {
    const { id, tag } = await make({ zone: 'UTC' });
    const badge = `${path}/${id}`;
    const ask = (headers: Record<string, string>) => ({ bearer, headers });
    const read = (headers: Record<string, string>) => client.call(`GET ${badge}`, ask(headers));
    const first = await read({});
    assert.equal(first.header('etag'), tag);
    const known = await read({ 'if-none-match': `W/${tag}` });
    assert.deepEqual([known.status, known.text, known.headers.etag], [304, '', tag]);
    assert.equal(known.headers['content-length'], undefined);
    assert.equal((await client.call(`HEAD ${badge}`, ask({ 'if-none-match': tag }))).status, 304);

    const change = (zone: string, headers: Record<string, string>) =>
      client.call(`PATCH ${badge}`, { ...ask(headers), json: { zone } });
    const changed = await change('Europe/London', { 'if-match': tag });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.header('etag'), tag);
    const rows = openRows(data);
    // Reads by keys are counted behind the answers.
    const changes = () => rows.all('audit_events').filter((row) => row['tally'] === null).length;
    const eventsBefore = changes();
    const refused = [
      await change('Europe/Paris', { 'if-match': tag }),
      await change('Europe/Paris', { 'if-match': `W/${changed.header('etag')}` }),
      await change('Europe/Paris', { 'if-none-match': '*' }),
      await read({ 'if-match': tag }),
      await client.call(`DELETE ${badge}`, ask({ 'if-match': tag })),
    ];
    for (const reply of refused) {
      assert.equal(reply.status, 412);
      assert.deepEqual(reply.body, { refused: 'precondition_failed' });
    }
    assert.equal(changes(), eventsBefore, 'nothing was changed');
    rows.close();
    assert.equal((await read({ 'if-none-match': tag })).at('zone'), 'Europe/London');
    const gone = await client.call(`DELETE ${badge}`, ask({ 'if-match': changed.header('etag') }));
    assert.equal(gone.status, 204);
    assert.equal(
      (await read({ 'if-none-match': '*' })).status,
      404,
      'conditions do not hide that it is gone',
    );
  });

  test('of two changes at the same time that expect the same state, one is made', async () => {
    const { id, tag } = await make({ zone: 'UTC' });
    const zones = ['Europe/London', 'Europe/Paris'];
    const replies = await Promise.all(
      zones.map((zone) => {
        return client.call(`PATCH ${path}/${id}`, { bearer, json: { zone }, headers: { 'if-match': tag } });
      }),
    );
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 412]);
  });

  test('reads its queries by its own grammar', async () => {
    const { id } = await make({ holder: 'ann "of" Kew', zone: 'UTC' });
    await make({ holder: 'bob', zone: 'UTC' });
    const list = (query: string) => client.call(`GET ${path}?${query}`, { bearer });
    const found = await list('filter=holder+eq+%22bob%22&only=holder&only=zone');
    assert.deepEqual(found.body, { badges: [{ holder: 'bob', zone: 'UTC' }], total: 1 });
    const page = await list('page[size]=1&page[number]=2');
    assert.deepEqual([page.at('badges.0.badge'), page.at('badges.1')], [id, undefined]);
    for (const [query, field] of [
      ['filter=holder+gt+%22bob%22', 'filter'],
      ['only=secret', 'only'],
      ['page[size]=1&page[size]=2', 'page[size]'],
      ['page[size]=0', 'page[size]'],
      ['filter=%ff', 'query'],
    ] as const) {
      const refused = await list(query);
      assert.equal(refused.status, 422, query);
      assert.deepEqual(refused.at('about.0'), field);
    }
    assert.equal((await client.call(`GET ${path}?only=secret`)).status, 401, 'the credential comes first');
  });

  test('has several resources', async () => {
    const { id } = await make();
    const given = await client.call(`DELETE ${path}/${id}`, { bearer });
    const returned = await client.call(`GET /v3/returns/${given.header('x-erasure-id')}`, { bearer });
    assert.deepEqual([returned.contract, returned.operation], ['badge', 'readReturn']);
    assert.match(returned.string('state'), /^(running|complete)$/);
  });

  test('has an OpenAPI document and a place in the reference, where all of this is described', async () => {
    const answer = await fetch(`${client.baseUrl}/openapi/badge.json`);
    const document = JSON.parse(await answer.text());
    assert.deepEqual(Object.keys(document.paths), [
      ...['/v3/badges', '/v3/badges/{badge}', '/v3/returns/{return_id}'],
    ]);
    const description = 'The badges of users.';
    assert.deepEqual(document.tags, [
      { name: 'badges', description },
      { name: 'returns', description },
    ]);
    const { requestBody, responses, tags } = document.paths['/v3/badges'].post;
    assert.deepEqual(tags, ['badges']);
    assert.deepEqual(Object.keys(requestBody.content), [badgeType, 'application/json']);
    assert.deepEqual(Object.keys(responses['201'].content), [badgeType]);
    assert.deepEqual(Object.keys(responses['201'].headers), ['X-Request-Id', 'ETag', 'Location']);
    assert.deepEqual(Object.keys(responses['422'].content), [badgeType]);
    const statuses = Object.keys(document.paths['/v3/badges/{badge}'].get.responses);
    assert.deepEqual(statuses, ['200', '304', '401', '403', '404', '412', '429', '500', '503']);
    const page = await (await fetch(`${client.baseUrl}/docs`)).text();
    for (const name of names)
      assert.ok(page.includes(`/openapi/${name}.json`), `${name} is in the reference`);
  });

  test('is beside the four in what the operator sees of a user', async () => {
    const made = await client.call('POST /sonar/v1/users', { bearer });
    const id = made.string('data.id');
    const shown = await program.rosterJson(data, ['user', 'show', id]);
    assert.deepEqual(shown.names(), [...names, 'desk', 'directory']);
    assert.deepEqual(shown.at('badge'), { badge: bareId(id), holder: null, zone: 'UTC' });
    const { stdout } = await program.roster(data, ['user', 'show', id]);
    assert.match(stdout, /badge/);
  });

  test('has its name in the audit events of changes through it', async () => {
    assert.equal((await client.call('POST /v3/badges', { bearer })).status, 201);
    const rows = openRows(data);
    after(() => rows.close());
    const events = rows.all('audit_events').filter((row) => row['tally'] === null);
    assert.equal(events.at(-1)?.['door'], 'badge');
  });

  test('that is internal answers at its prefix alone, and is published nowhere', async () => {
    const made = await client.call('POST /desk/v3/desks', { bearer, json: { zone: 'UTC' } });
    assert.deepEqual([made.status, made.contract, made.operation], [201, 'desk', 'createDesk']);
    assert.equal((await client.call('POST /desk/v3/desks', { json: {} })).status, 401);
    const url = client.baseUrl;
    assert.equal((await fetch(`${url}/v3/desks`)).status, 404);
    assert.equal((await fetch(`${url}/openapi/desk.json`)).status, 404);
    const page = await (await fetch(`${url}/docs`)).text();
    assert.ok(!page.includes('desk'), 'the reference has the desk');
    const byHost = await client.open('GET /v3/desks', { bearer, host: 'desk.example.com' });
    assert.equal(byHost.statusCode, 404);
    byHost.resume();
  });
});

describe('the folder of a fifth contract', () => {
  test('keeps the house rules', () => {
    const project = readProject(copy);
    const own = project.filter(({ path }) => /^src\/contracts\/(badge|desk)\//.test(path));
    assert.equal(own.length, 2 * (globSync('*.ts', { cwd: join(import.meta.dirname, 'badge') }).length - 1));
    for (const rule of rules) assert.deepEqual(findingsOf(rule, own).map(describeFinding), [], rule.title);
    assert.deepEqual(cyclesOf(project.filter(({ path }) => /^src\/.*\.ts$/.test(path))), []);
  });

  test('is checked by rules that find a forbidden import', () => {
    const [arrows] = rules.filter(({ title }) => title === 'imports follow the arrows');
    assert.ok(arrows);
    for (const line of ["import { Type } from 'typebox';", "import { a } from '../sonar/present.ts';"]) {
      const file = { path: 'src/contracts/badge/x.ts', text: `/** Says what it decides. */\n${line}\n` };
      assert.equal(findingsOf(arrows, [file]).length, 1, line);
    }
  });
});

describe('the tests of all contracts', () => {
  const suites = {
    'across the contracts': ['four-views', 'order', 'tenancy'].map((each) => `test/journeys/${each}.test.ts`),
    'against hostile input': ['hostile-bodies', 'hostile-fields', 'hostile-requests', 'valid-requests'].map(
      (each) => `test/hostile/${each}.test.ts`,
    ),
  };
  for (const [title, files] of Object.entries(suites)) {
    // Each test of these files has a limit of its own.
    const limit = { timeout: 10 * slowTestMs };
    test(`${title} pass for a fifth contract and an internal one, without an edit`, limit, async () => {
      const { NODE_TEST_CONTEXT, ROSTER_TEST_COVERAGE, ...environment } = process.env;
      // One process for all files: most of the time of a file is its start.
      const options = ['--test', '--test-isolation=none', '--test-reporter=spec'];
      const child = spawn(process.execPath, [...options, ...files], {
        cwd: copy,
        env: { ...environment, ROSTER_TEST_CONTRACTS: 'badge,desk' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'close')]);
      assert.equal(exitCode, 0, output);
      assert.match(output, /badge/);
      assert.match(output, /desk/);
    });
  }
});
