import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FieldFault, refuse } from '../../core/errors.ts';
import type { RefusalContext } from '../../http/contract.ts';
import { refuseHttp } from '../../http/http-refusals.ts';
import { presentRefusal } from './errors.ts';

const context: RefusalContext = { requestId: 'r', operationId: 'createUser', params: {}, isScripted: false };

function sentence(...faults: FieldFault[]): unknown {
  return presentRefusal(refuse('invalid_fields', { faults }), context).body;
}

describe('the refusals of the organization contract', () => {
  const sentences: readonly (readonly [fault: FieldFault, message: string])[] = [
    [{ field: 'email', fault: 'blank' }, 'Email is required'],
    [{ field: 'email', fault: 'invalid' }, 'Email is invalid'],
    [{ field: 'email', fault: 'too_long', max: 254 }, 'Email is invalid'],
    [{ field: 'name', fault: 'blank' }, 'Name is required'],
    [{ field: 'name', fault: 'invalid' }, 'Name is invalid'],
    [{ field: 'name', fault: 'too_long', max: 255 }, 'Name must have at most 255 characters'],
    [{ field: 'role', fault: 'invalid' }, 'Role must be member or admin'],
    [{ field: 'limit', fault: 'out_of_range', min: 1, max: 100 }, 'limit must be between 1 and 100'],
    [{ field: 'status', fault: 'invalid' }, 'status must be active, inactive or pending'],
    [{ field: 'status', fault: 'read_only' }, 'status cannot be set'],
    [{ field: 'elsewhere', fault: 'invalid' }, 'elsewhere is invalid'],
  ];
  for (const [fault, message] of sentences) {
    test(`a ${fault.fault} ${fault.field} reads "${message}"`, () => {
      assert.deepEqual(sentence(fault), { error: 'validation_error', message });
    });
  }

  test('the first of several faults is named', () => {
    const faults: FieldFault[] = [
      { field: 'name', fault: 'blank' },
      { field: 'role', fault: 'invalid' },
    ];
    assert.deepEqual(sentence(...faults), { error: 'validation_error', message: 'Name is required' });
  });

  test('a refused deletion has a sentence of its own', () => {
    const forbidden = refuse('forbidden', {});
    assert.deepEqual(presentRefusal(forbidden, context).body, {
      error: 'forbidden',
      message: 'You do not have permission to do this',
    });
    assert.deepEqual(presentRefusal(forbidden, { ...context, operationId: 'deleteUser' }).body, {
      error: 'forbidden',
      message: 'You do not have permission to delete this user',
    });
  });

  test('a request that reached no operation gets no message about a body', () => {
    const malformed = refuseHttp('malformed_body', {});
    assert.deepEqual(presentRefusal(malformed, context).body, {
      error: 'validation_error',
      message: 'The request body must be a JSON object',
    });
    assert.deepEqual(presentRefusal(malformed, { ...context, operationId: null }).body, {
      error: 'validation_error',
      message: 'The request could not be understood',
    });
  });

  test('refusals that need headers have them', () => {
    assert.deepEqual(presentRefusal(refuse('unauthorized', {}), context).headers, {
      'www-authenticate': 'Bearer',
    });
    assert.deepEqual(presentRefusal(refuse('unavailable', { retryAfterSeconds: 3 }), context).headers, {
      'retry-after': '3',
    });
    assert.deepEqual(
      presentRefusal(refuseHttp('method_not_allowed', { allow: ['GET', 'POST'] }), context).headers,
      {
        allow: 'GET, POST',
      },
    );
  });
});
