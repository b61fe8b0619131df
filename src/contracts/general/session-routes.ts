/** Sign-in, sign-out, and the sessions of an account. */
import { endOwnSession, listOwnSessions, signOut } from '../../core/access/own-sessions.ts';
import { signIn } from '../../core/access/sign-in.ts';
import type { Core } from '../../core/core.ts';
import type { Route } from '../../http/contract.ts';
import { readFlatBody } from './body.ts';
import { findPublic, findUser, userOf } from './caller.ts';
import { ownSessionsExample, sessionExample, signInExample } from './examples.ts';
import { presentSession, presentUser } from './present.ts';
import { ownSessionsSchema, publicHeaders, sessionBody, sessionParams, sessionSchema } from './schemas.ts';

export function createSessionRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/sessions',
    operationId: 'createSession',
    tag: 'Sessions',
    summary: 'Sign in',
    description:
      'Starts a session, good for 30 days since its last use and 180 days at most. An account has 20 sessions at most: a further one ends the oldest. The answer to a wrong password is the same, in the same time, whether or not the account exists. After five wrong ones in a row from one network there is one try per 2, 4, 8 ... 60 seconds from there (429). Tries from other networks never delay a caller with a session of the account in `X-User-Token`, nor a network from which the account has signed in within 90 days. Five wrong passwords that come with a session end it.',
    access: 'public',
    networkThrottle: 'session',
    headers: publicHeaders,
    body: sessionBody,
    bodyExample: signInExample,
    responses: {
      201: { description: 'A session and its user', schema: sessionSchema, example: sessionExample },
    },
    refusals: ['invalid_credentials', 'app_not_found', 'invalid_fields'],
    sampleFaults: [
      { field: 'email', fault: 'blank' },
      { field: 'password', fault: 'blank' },
    ],
    async handle(call) {
      const { email, password } = readFlatBody(call.body);
      const owner = await findUser(core, call);
      const caller = await findPublic(core, call, owner);
      const { token, user } = await signIn(core, caller, { email, password, owner, arrival: call.arrival });
      return { status: 201, body: { token, user: presentUser(user) } };
    },
  };
}

export function deleteSessionRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: '/v1/sessions',
    operationId: 'deleteSession',
    tag: 'Sessions',
    summary: 'Sign out',
    description: 'Ends the session that the call shows.',
    access: 'credential',
    responses: { 204: { description: 'The session has ended' } },
    async handle(call) {
      await signOut(core, userOf(call));
      return { status: 204 };
    },
  };
}

export function listSessionsRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/sessions',
    operationId: 'listSessions',
    tag: 'Sessions',
    summary: 'List the own sessions',
    description:
      'The sessions of the account that has signed in, newest first; at most 20. `current` is the one of the call.',
    access: 'credential',
    responses: {
      200: { description: 'The sessions', schema: ownSessionsSchema, example: ownSessionsExample },
    },
    async handle(call) {
      return { status: 200, body: (await listOwnSessions(core, userOf(call))).map(presentSession) };
    },
  };
}

export function endSessionRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: '/v1/sessions/:id',
    operationId: 'endSession',
    tag: 'Sessions',
    summary: 'End one of the own sessions',
    description:
      'Ends a session of the account that has signed in. A session of another account does not exist.',
    access: 'credential',
    params: sessionParams,
    responses: { 204: { description: 'The session has ended' } },
    refusals: ['session_not_found'],
    async handle(call) {
      await endOwnSession(core, userOf(call), { sessionId: call.params['id'] ?? '' });
      return { status: 204 };
    },
  };
}
