import assert from 'node:assert/strict';
import { STATUS_CODES } from 'node:http';
import { describe, test } from 'node:test';
import { refuse } from '../../core/errors.ts';
import type { RefusalContext } from '../../http/contract.ts';
import { type Refusal, refuseHttp } from '../../http/http-refusals.ts';
import { presentRefusal } from './errors.ts';

const context: RefusalContext = {
  requestId: '9b2f1c34-5b1d-4f0e-8a51-0a52c4f6d3aa',
  operationId: 'getUser',
  params: {},
  isScripted: false,
};

describe('the refusals of humanapi', () => {
  test('an unknown user is 404 in the envelope of the document', () => {
    assert.deepEqual(presentRefusal(refuse('not_found', { noun: 'user' }), context), {
      status: 404,
      headers: {},
      body: {
        code: 404,
        error: 'Not Found',
        message: 'User not found.',
        'x-humanapi-request-id': context.requestId,
      },
    });
  });

  const refusals: readonly (readonly [Refusal, number])[] = [
    [refuse('unauthorized', {}), 401],
    [refuse('forbidden', {}), 403],
    [refuse('not_found', { noun: 'app' }), 404],
    [refuseHttp('method_not_allowed', { allow: ['GET'] }), 405],
    [refuseHttp('request_timeout', {}), 408],
    [refuse('last_admin', {}), 409],
    [refuseHttp('malformed_body', {}), 400],
    [refuseHttp('payload_too_large', { limitBytes: 1 }), 413],
    [refuseHttp('unsupported_media_type', { reason: 'type' }), 415],
    [refuse('rate_limited', { retryAfterSeconds: 1 }), 429],
    [refuse('internal', {}), 500],
    [refuse('unavailable', { retryAfterSeconds: 1 }), 503],
  ];
  for (const [refusal, status] of refusals) {
    test(`${refusal.code} is ${status}, with the status and its name in the body`, () => {
      const answer = presentRefusal(refusal, context);
      assert.equal(answer.status, status);
      assert.partialDeepStrictEqual(answer.body, { code: status, error: STATUS_CODES[status] });
    });
  }

  test('a missing credential is answered with a Basic challenge', () => {
    const { headers } = presentRefusal(refuse('unauthorized', {}), context);
    assert.deepEqual(headers, { 'www-authenticate': 'Basic realm="App Key", charset="UTF-8"' });
  });

  test('the message names every faulty field', () => {
    const faults = [
      { field: 'externalId', fault: 'blank' },
      { field: 'humanId', fault: 'read_only' },
    ] as const;
    assert.partialDeepStrictEqual(presentRefusal(refuse('invalid_fields', { faults }), context).body, {
      code: 400,
      message: 'externalId is required; humanId cannot be set.',
    });
  });
});
