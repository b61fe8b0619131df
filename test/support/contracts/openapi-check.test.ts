import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createOpenApiCheck, type Exchange, type OpenApiDocument } from './openapi-check.ts';

const person = {
  type: 'object',
  required: ['id', 'created_at'],
  properties: { id: { type: 'string' }, created_at: { type: 'string', format: 'date-time' } },
};
const refusal = {
  description: 'refused',
  content: {
    'application/json': {
      schema: { type: 'object', required: ['error'], properties: { error: { type: 'string' } } },
    },
  },
};

const document: OpenApiDocument = {
  openapi: '3.1.0',
  components: {
    schemas: { Person: person },
    securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
  },
  paths: {
    '/v1/users/{id}': {
      get: {
        operationId: 'getUser',
        responses: {
          '200': {
            description: 'found',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Person' } } },
          },
          '401': refusal,
          '404': refusal,
          '429': refusal,
        },
      },
      delete: { operationId: 'deleteUser', responses: { '204': { description: 'gone' } } },
    },
  },
};

const documents = new Map(['sonar', 'general', 'organization'].map((name) => [name, document]));

const good: Exchange = {
  method: 'GET',
  path: '/sonar/v1/users/usr_1',
  requestHeaders: {},
  status: 200,
  headers: {
    'x-request-id': '9b2f1c34-5b1d-4f0e-8a51-0a52c4f6d3aa',
    'content-type': 'application/json; charset=utf-8',
  },
  text: '{"id":"usr_1","created_at":"2025-01-15T10:00:00Z"}',
};
const refused = { ...good, text: '{"error":"not_found"}' };
const without = (name: string) => ({ ...good.headers, [name]: undefined });

describe('the OpenAPI check', () => {
  const { check } = createOpenApiCheck(documents);

  test('a documented answer passes and is named', () => {
    assert.deepEqual(check(good), { contract: 'sonar', operation: 'getUser' });
    assert.deepEqual(check({ ...refused, status: 404 }), { contract: 'sonar', operation: 'getUser' });
    const gone = { ...good, method: 'DELETE', status: 204, headers: without('content-type'), text: '' };
    assert.deepEqual(check(gone), { contract: 'sonar', operation: 'deleteUser' });
  });

  test('host, prefix and credential decide the contract, in this order', () => {
    const reach = (path: string, requestHeaders: Record<string, string>) =>
      check({ ...good, path, requestHeaders }).contract;
    assert.equal(reach('/v1/users/1', {}), 'general');
    assert.equal(reach('/v1/users/1', { authorization: 'Bearer sk_live_x' }), 'sonar');
    assert.equal(reach('/general/v1/users/1', { authorization: 'Bearer sk_live_x' }), 'general');
    assert.equal(reach('/v1/users/1', { host: 'sonar.localhost:8080' }), 'sonar');
    assert.equal(reach('/healthz', {}), null);
  });

  const faults: readonly (readonly [title: string, exchange: Exchange, message: RegExp])[] = [
    ['an undocumented status', { ...refused, status: 422 }, /not documented/],
    ['a missing property', { ...good, text: '{"id":"usr_1"}' }, /not as documented/],
    [
      'an unlisted property',
      { ...good, text: good.text.replace('}', ',"email":null}') },
      /not as documented\n.*email/,
    ],
    ['a wrong type', { ...good, text: good.text.replace('"usr_1"', '1') }, /must be string/],
    ['a wrong format', { ...good, text: good.text.replace('T10', ' 10') }, /date-time/],
    ['broken JSON', { ...good, text: '{"id"' }, /broken JSON/],
    [
      'a wrong content type',
      { ...good, headers: { ...good.headers, 'content-type': 'text/html' } },
      /text\/html/,
    ],
    ['a body where none is documented', { ...good, method: 'DELETE', status: 204 }, /has a body/],
    ['an answer without a request id', { ...good, headers: without('x-request-id') }, /X-Request-Id/],
    ['a fault of the server', { ...refused, status: 500 }, /answered a server error/],
    ['a 429 without Retry-After', { ...refused, status: 429 }, /Retry-After/],
    ['a 401 without its challenge', { ...refused, status: 401 }, /challenge/],
    [
      'a foreign envelope off the routes',
      { ...good, path: '/sonar/nowhere', status: 404 },
      /not as documented/,
    ],
    ['a success off the routes', { ...good, path: '/sonar/nowhere' }, /answered 200/],
    [
      'a foreign envelope off every contract',
      { ...good, path: '/nowhere', status: 404 },
      /not as documented/,
    ],
    ['a body of a HEAD', { ...good, method: 'HEAD' }, /with a body/],
    ['a 405 without Allow', { ...refused, method: 'PUT', status: 405 }, /Allow/],
  ];
  for (const [title, exchange, message] of faults) {
    test(`${title} fails the test`, () => {
      assert.throws(() => check(exchange), message);
    });
  }
});
