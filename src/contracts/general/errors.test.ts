import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FieldFault, refuse } from '../../core/errors.ts';
import type { RefusalContext } from '../../http/contract.ts';
import { refuseHttp } from '../../http/http-refusals.ts';
import { presentRefusal } from './errors.ts';

const context: RefusalContext = { requestId: 'r', operationId: 'createUser', params: {}, isScripted: false };

function errorsOf(...faults: FieldFault[]): unknown {
  return presentRefusal(refuse('invalid_fields', { faults }), context).body;
}

describe('the refusals of the general contract', () => {
  const texts: readonly (readonly [fault: FieldFault, field: string, text: string])[] = [
    [{ field: 'email', fault: 'blank' }, 'email', "can't be blank"],
    [{ field: 'email', fault: 'invalid' }, 'email', 'is invalid'],
    [{ field: 'email', fault: 'too_long', max: 254 }, 'email', 'is invalid'],
    [{ field: 'email', fault: 'taken' }, 'email', 'has already been taken'],
    [{ field: 'password', fault: 'too_short', min: 8 }, 'password', 'is too short (minimum is 8 characters)'],
    [
      { field: 'password', fault: 'too_long', max: 256 },
      'password',
      'is too long (maximum is 256 characters)',
    ],
    [{ field: 'password', fault: 'too_common' }, 'password', 'is too common'],
    [{ field: 'passwordConfirmation', fault: 'differs' }, 'password_confirmation', "doesn't match password"],
    [{ field: 'password', fault: 'same_as_email' }, 'password', "can't be the email"],
    [{ field: 'firstName', fault: 'too_long', max: 255 }, 'first_name', 'is invalid'],
    [{ field: 'lastName', fault: 'blank' }, 'last_name', "can't be blank"],
    [{ field: 'dateOfBirth', fault: 'invalid' }, 'date_of_birth', 'is invalid'],
    [{ field: 'isActive', fault: 'invalid' }, 'active', 'is invalid'],
    [{ field: 'isClinical', fault: 'invalid' }, 'clinical', 'is invalid'],
    [{ field: 'email', fault: 'unproved' }, 'email', 'is not verified'],
    [{ field: 'isTemplate', fault: 'invalid' }, 'template', 'is invalid'],
    [{ field: 'isNativeSignup', fault: 'invalid' }, 'native_signup', 'is invalid'],
    [{ field: 'currentPassword', fault: 'blank' }, 'current_password', "can't be blank"],
    [{ field: 'number', fault: 'blank' }, 'user_id', "can't be blank"],
    [{ field: 'code', fault: 'blank' }, 'confirmation_code', "can't be blank"],
    [{ field: 'created_at', fault: 'read_only' }, 'created_at', 'is invalid'],
    [
      { field: 'page_size', fault: 'out_of_range', min: 1, max: 100 },
      'page_size',
      'must be between 1 and 100',
    ],
  ];
  for (const [fault, field, text] of texts) {
    test(`a ${fault.fault} ${fault.field} reads ${field} "${text}"`, () => {
      assert.deepEqual(errorsOf(fault), { errors: { [field]: [text] } });
    });
  }

  test('every faulty field is listed with its first fault', () => {
    const body = errorsOf(
      { field: 'email', fault: 'invalid' },
      { field: 'email', fault: 'taken' },
      { field: 'firstName', fault: 'blank' },
    );
    assert.deepEqual(body, { errors: { email: ['is invalid'], first_name: ["can't be blank"] } });
  });

  test('the texts are those of the document', () => {
    const answerTo = (refusal: Parameters<typeof presentRefusal>[0]) => {
      const { status, body } = presentRefusal(refusal, context);
      return [status, body];
    };
    const notAllowed = { errors: 'You are not authorized to perform this action.' };
    assert.deepEqual(answerTo(refuse('unauthorized', {})), [401, notAllowed]);
    assert.deepEqual(answerTo(refuse('forbidden', {})), [403, notAllowed]);
    assert.deepEqual(answerTo(refuse('signup_closed', {})), [403, notAllowed]);
    assert.deepEqual(answerTo(refuse('invalid_code', {})), [401, { errors: 'Invalid Code' }]);
    assert.deepEqual(answerTo(refuse('not_found', { noun: 'user' })), [404, { errors: 'User not found' }]);
    assert.deepEqual(answerTo(refuse('last_admin', {})), [422, { errors: { user: ['is the last admin'] } }]);
  });

  test('a wait and the allowed methods are in header fields', () => {
    const limited = presentRefusal(refuse('rate_limited', { retryAfterSeconds: 4 }), context);
    assert.deepEqual([limited.status, limited.headers], [429, { 'retry-after': '4' }]);
    const wrong = presentRefusal(refuseHttp('method_not_allowed', { allow: ['GET', 'POST'] }), context);
    assert.deepEqual([wrong.status, wrong.headers], [405, { allow: 'GET, POST' }]);
  });
});
