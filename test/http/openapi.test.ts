import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createOpenApiCheck, type OpenApiDocument } from '../support/contracts/openapi-check.ts';
import { createClient } from '../support/server/http.ts';
import { type Harness, startHarness } from './harness.ts';

interface Described {
  readonly security: readonly object[];
  readonly parameters: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Record<string, { example: unknown }>;
  };
  readonly responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: Readonly<Record<string, { examples: Record<string, { value: unknown }> }>>;
}

describe('the OpenAPI document of a contract', () => {
  let harness: Harness;
  let text: string;
  let document: {
    openapi: string;
    servers: unknown;
    paths: Record<string, Record<string, Described>>;
    components: Record<string, object>;
  };
  before(async () => {
    harness = await startHarness({
      quota: 0,
      handlers: { readLamp: async () => ({ status: 200, body: { id: 'a', lit: false } }) },
    });
    text = await (await harness.ask('GET /openapi/lighthouse.json', { key: null })).text();
    document = JSON.parse(text);
  });
  after(() => harness.close());

  const described = (path: string, method: string): Described => {
    const operation = document.paths[path]?.[method];
    assert.ok(operation, `${method} ${path} is described`);
    return operation;
  };

  test('is OpenAPI 3.1 and names the absolute address as server', () => {
    assert.equal(document.openapi, '3.1.0');
    assert.deepEqual(document.servers, [
      { url: 'https://directory.example.com/lighthouse', description: 'This deployment' },
    ]);
    assert.deepEqual(Object.keys(document.components['securitySchemes'] ?? {}), ['lampKey']);
  });

  test('describes every route once', () => {
    const operations = Object.entries(document.paths).map(([path, item]) => [path, Object.keys(item)]);
    assert.deepEqual(operations, [
      ['/v2/lamps', ['get', 'post']],
      ['/v2/lamps/{id}', ['get', 'put', 'delete']],
      ['/v2/signal', ['post']],
    ]);
  });

  test('describes parameters, body and credential', () => {
    assert.deepEqual(described('/v2/lamps', 'get').parameters, [
      {
        ...{ name: 'page', in: 'query', required: false, description: 'Which page' },
        schema: { type: 'integer', minimum: 1 },
      },
    ]);
    const [id] = described('/v2/lamps/{id}', 'get').parameters;
    assert.deepEqual(id, { name: 'id', in: 'path', required: true, schema: { type: 'string' } });
    const body = described('/v2/lamps', 'post').requestBody;
    assert.equal(body?.required, true);
    assert.deepEqual(Object.keys(body?.content ?? {}), [
      'application/json',
      'application/x-www-form-urlencoded',
    ]);
    assert.deepEqual(body?.content['application/json']?.example, { id: 'north' });
    assert.deepEqual(described('/v2/lamps', 'post').security, [{ lampKey: [] }]);
    assert.deepEqual(described('/v2/signal', 'post').security, []);
  });

  test('lists every status, also those that the server adds', () => {
    const statuses = (path: string, method: string) => Object.keys(described(path, method).responses);
    assert.deepEqual(statuses('/v2/lamps', 'get'), ['200', '401', '403', '422', '429', '500', '503']);
    assert.deepEqual(statuses('/v2/lamps', 'post'), [
      '201',
      '400',
      '401',
      '403',
      '408',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    assert.deepEqual(statuses('/v2/lamps/{id}', 'put'), [
      '200',
      '400',
      '401',
      '404',
      '408',
      '413',
      '415',
      '429',
      '500',
      '503',
    ]);
    assert.deepEqual(statuses('/v2/lamps/{id}', 'delete'), [
      '204',
      '400',
      '401',
      '403',
      '404',
      '408',
      '413',
      '429',
      '500',
      '503',
    ]);
    assert.deepEqual(statuses('/v2/signal', 'post'), [
      '200',
      '400',
      '408',
      '413',
      '415',
      '429',
      '500',
      '503',
    ]);
  });

  test('shows refusals as the contract presents them', () => {
    const { responses } = described('/v2/lamps', 'get');
    const refused = responses['401'];
    const examples = refused?.content['application/json']?.examples ?? {};
    assert.deepEqual(Object.keys(examples), ['unauthorized']);
    assert.deepEqual(examples['unauthorized']?.value, {
      problem: {
        ...{ code: 'unauthorized', operation: 'listLamps' },
        request: '3f2a6c1e-8d4b-4f7a-9c05-6b1de2f0a974',
      },
    });
    assert.deepEqual(Object.keys(refused?.headers ?? {}), ['X-Request-Id', 'WWW-Authenticate']);
    assert.deepEqual(Object.keys(responses['503']?.headers ?? {}), ['X-Request-Id', 'Retry-After']);
    assert.deepEqual(document.components['schemas'], {
      Refusal: { type: 'object', required: ['problem'], properties: { problem: { type: 'object' } } },
    });
  });

  test('describes the real answers of the server', async () => {
    const published: OpenApiDocument = JSON.parse(text);
    const check = createOpenApiCheck(new Map([['lighthouse', published]]));
    const client = createClient(harness.origin, async () => check);
    after(() => client.close());
    const key = { 'x-lamp-key': 'member' };
    const lines: readonly (readonly [string, number, object?])[] = [
      ['GET /v2/lamps', 200],
      ['GET /lighthouse/v2/lamps/a', 200],
      ['HEAD /v2/lamps/a', 200],
      ['PUT /v2/lamps/a', 200],
      ['DELETE /v2/lamps/a', 403],
      ['PUT /v2/lamps/a', 415, { body: 'x' }],
      ['PUT /v2/lamps/a', 413, { body: 'x'.repeat(300_000) }],
      ['POST /v2/signal', 429],
      ['PATCH /v2/lamps', 405],
      ['GET /lighthouse/nowhere', 404],
    ];
    for (const [line, status, ask] of lines) {
      assert.equal((await client.call(line, { headers: key, ...ask })).status, status, line);
    }
    assert.equal((await client.call('GET /v2/lamps')).status, 401);
  });
});
