/** Verification codes: a client gives one back, or asks for another. */
import type { Core } from '../../core/core.ts';
import { confirmUser, resendConfirmation } from '../../core/verification/confirmation.ts';
import type { Route } from '../../http/contract.ts';
import { readFlatBody } from './body.ts';
import { findPublic, findUser, userOf } from './caller.ts';
import { confirmExample, confirmedExample } from './examples.ts';
import { presentConfirmed } from './present.ts';
import { confirmationBody, confirmationSchema, publicHeaders, sentSchema } from './schemas.ts';

export function confirmUserRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/confirmation',
    operationId: 'confirmUser',
    tag: 'Confirmation',
    summary: 'Confirm a user',
    description:
      'Confirms a user account with a verification code and makes a pending user active. A code is good once and for ten minutes; five wrong tries void it. A wrong, old, used or foreign code and an unknown or cancelled user are one answer: 401 `Invalid Code`.',
    access: 'public',
    networkThrottle: 'confirmation',
    headers: publicHeaders,
    body: confirmationBody,
    bodyExample: confirmExample,
    responses: {
      200: { description: 'The user is confirmed', schema: confirmationSchema, example: confirmedExample },
    },
    refusals: ['invalid_code', 'app_not_found', 'invalid_fields'],
    sampleFaults: [
      { field: 'number', fault: 'blank' },
      { field: 'code', fault: 'blank' },
    ],
    async handle(call) {
      const { user_id: number, confirmation_code: code } = readFlatBody(call.body);
      const session = await findUser(core, call);
      const caller = await findPublic(core, call, session);
      const user = await confirmUser(core, caller, { number, code });
      return { status: 200, body: { verified: true, user: presentConfirmed(session, user) } };
    },
  };
}

export function resendConfirmationRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/resend_confirmation',
    operationId: 'resendConfirmation',
    tag: 'Confirmation',
    summary: 'Resend a verification code',
    description:
      'Sends the caller a new verification code and voids the old one: at most one a minute and five an hour, those sent by sign-up and by a new phone number included.',
    access: 'credential',
    responses: { 200: { description: 'A code is on its way', schema: sentSchema, example: { sent: true } } },
    refusals: ['already_confirmed', 'rate_limited'],
    async handle(call) {
      await resendConfirmation(core, userOf(call));
      return { status: 200, body: { sent: true } };
    },
  };
}
