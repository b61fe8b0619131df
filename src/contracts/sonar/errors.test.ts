import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FieldFault, refuse } from '../../core/errors.ts';
import type { RefusalContext } from '../../http/contract.ts';
import { type Refusal, refuseHttp } from '../../http/http-refusals.ts';
import { presentRefusal, toSafeText } from './errors.ts';

const context: RefusalContext = {
  requestId: 'r',
  operationId: 'getUser',
  params: { user_id: 'usr_invalid' },
  isScripted: false,
};

const bodyOf = (refusal: Refusal): unknown => presentRefusal(refusal, context).body;
const faultsOf = (...faults: FieldFault[]): unknown => bodyOf(refuse('invalid_fields', { faults }));

describe('the refusals of sonar', () => {
  test('the message repeats the id of an unknown user as the caller wrote it', () => {
    assert.deepEqual(presentRefusal(refuse('not_found', { noun: 'user' }), context), {
      status: 404,
      headers: {},
      body: { error: 'not_found', message: "User 'usr_invalid' not found.", details: {} },
    });
  });

  test('the refusal of a taken reference_id names its holder', () => {
    const userId = 'ab'.repeat(16);
    assert.deepEqual(bodyOf(refuse('external_id_taken', { externalId: 'x', userId })), {
      error: 'conflict',
      message: 'Another user has this reference_id.',
      details: { reference_id: 'x', user_id: `usr_${userId}` },
    });
  });

  test('every faulty field is listed under its name in the document', () => {
    assert.deepEqual(
      faultsOf(
        { field: 'externalId', fault: 'too_long', max: 255 },
        { field: 'appId', fault: 'invalid' },
        { field: 'per_page', fault: 'out_of_range', min: 1, max: 100 },
      ),
      {
        error: 'validation_error',
        message:
          "reference_id must have at most 255 characters; app_id must be one of the account's apps; per_page must be a whole number from 1 to 100.",
        details: {
          reference_id: ['must have at most 255 characters'],
          app_id: ["must be one of the account's apps"],
          per_page: ['must be a whole number from 1 to 100'],
        },
      },
    );
  });

  test('several faults of one field are listed together', () => {
    const body = faultsOf({ field: 'at', fault: 'invalid' }, { field: 'at', fault: 'in_future' });
    assert.partialDeepStrictEqual(body, {
      details: {
        at: [
          'must be an RFC 3339 time, such as 2025-01-20T08:30:00Z',
          'must not be more than 5 minutes in the future',
        ],
      },
    });
  });

  const headers: readonly (readonly [Refusal, object])[] = [
    [refuse('unauthorized', {}), { 'www-authenticate': 'Bearer' }],
    [refuse('forbidden', {}), {}],
    [refuseHttp('method_not_allowed', { allow: ['GET', 'POST'] }), { allow: 'GET, POST' }],
    [refuse('rate_limited', { retryAfterSeconds: 7 }), { 'retry-after': '7' }],
    [refuse('unavailable', { retryAfterSeconds: 1 }), { 'retry-after': '1' }],
    [refuse('idempotency_in_progress', { retryAfterSeconds: 1 }), { 'retry-after': '1' }],
  ];
  for (const [refusal, expected] of headers) {
    test(`${refusal.code} brings ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(presentRefusal(refusal, context).headers, expected);
    });
  }
});

describe('a text of the caller in a message', () => {
  test('is unchanged where it is short and visible', () => {
    for (const text of ['usr_invalid', ':user_id', "o'brien", 'übergröße 東京'])
      assert.equal(toSafeText(text), text);
  });

  test('is short, on one line, and without invisible or broken characters', () => {
    const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));
    const unit = fc.oneof(codeUnit, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }));
    const anything = fc.string({ unit, maxLength: 300 });
    fc.assert(
      fc.property(anything, (text) => {
        const safe = toSafeText(text);
        assert.ok([...safe].length <= 65);
        assert.ok(safe.isWellFormed());
        assert.doesNotMatch(safe, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
