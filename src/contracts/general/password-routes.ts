/** Passwords set by a link: a client asks for a link, checks its token, and uses it. */
import { passwordCharactersMin } from '../../core/access/password.ts';
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import {
  requestPasswordReset,
  resetPassword,
  validatePasswordToken,
} from '../../core/verification/password-reset.ts';
import type { Route } from '../../http/contract.ts';
import { readFlatBody } from './body.ts';
import { askStranger, findPublic, findUser } from './caller.ts';
import { emailExample, resetExample, userExample } from './examples.ts';
import { presentUser } from './present.ts';
import {
  passwordBody,
  resetBody,
  sentSchema,
  strangerHeaders,
  tokenQuery,
  userSchema,
  validSchema,
} from './schemas.ts';

export function createPasswordResetRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/passwords',
    operationId: 'createPasswordReset',
    tag: 'Passwords',
    summary: 'Create a password reset',
    description:
      'Mails a link with a token where the address has an account. The answer is the same, in the same time, whoever asks; of many requests for one account one a minute and five an hour are mailed.',
    access: 'public',
    networkThrottle: 'password',
    headers: strangerHeaders,
    body: passwordBody,
    bodyExample: emailExample,
    responses: {
      200: { description: 'Asked for, whoever it was', schema: sentSchema, example: { sent: true } },
    },
    refusals: ['proof_required', 'app_not_found', 'invalid_fields'],
    sampleFaults: [{ field: 'email', fault: 'invalid' }],
    async handle(call) {
      const { email } = readFlatBody(call.body);
      const user = await findUser(core, call);
      await askStranger(core, call, user);
      const caller = await findPublic(core, call, user);
      await requestPasswordReset(core, caller, { email, network: call.network });
      return { status: 200, body: { sent: true } };
    },
  };
}

export function validatePasswordResetRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/users/passwords/validate',
    operationId: 'validatePasswordReset',
    tag: 'Passwords',
    summary: 'Validate a password reset',
    description: 'Whether the token of a link, of a reset or an invitation, could be used now.',
    access: 'public',
    query: tokenQuery,
    responses: { 200: { description: 'It could', schema: validSchema, example: { valid: true } } },
    refusals: ['invalid_token'],
    async handle(call) {
      if (!(await validatePasswordToken(core, { token: call.query['token'] }))) {
        throw refuse('invalid_token', {});
      }
      return { status: 200, body: { valid: true } };
    },
  };
}

export function resetPasswordRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/passwords/reset',
    operationId: 'resetPassword',
    tag: 'Passwords',
    summary: 'Reset a password',
    description:
      'Sets a password by the token of a link, which is good once (a reset for one hour, an invitation for seven days), ends every session of the user, and hands out a new one in the header `X-User-Token`. A refused password does not use the token up. An invitation also makes its user active and confirmed. One change of a password is made at a time: another request that comes meanwhile is 409.',
    access: 'public',
    networkThrottle: 'password',
    body: resetBody,
    bodyExample: resetExample,
    responses: {
      200: {
        description: 'The user',
        schema: userSchema,
        example: userExample,
        headers: { 'X-User-Token': { description: 'A new session of the user.' } },
      },
    },
    refusals: ['invalid_token', 'invalid_fields', 'change_in_progress'],
    sampleFaults: [{ field: 'password', fault: 'too_short', min: passwordCharactersMin }],
    async handle(call) {
      const { token, password, password_confirmation: passwordConfirmation } = readFlatBody(call.body);
      const { door, arrival } = call;
      const reset = { door, arrival, token, password, passwordConfirmation, hasSession: true };
      const { user, token: session } = await resetPassword(core, reset);
      return { status: 200, headers: { 'X-User-Token': session ?? '' }, body: presentUser(user) };
    },
  };
}
