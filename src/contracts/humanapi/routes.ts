/**
 * The operations of `humanapi` on the users of one app. Each calls one core operation and presents the result.
 * Authentication has checked that the path names the caller's own app. An app may do everything here except delete
 * admins, so only the deletion documents a refusal for a missing right.
 */
import type { AppPrincipal } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { deleteUser, getUser, upsertUser } from '../../core/directory/user-lifecycle.ts';
import { streamAppUsers } from '../../core/directory/user-list.ts';
import type { UserRef } from '../../core/directory/user-store.ts';
import { refuse } from '../../core/errors.ts';
import { parseHumanId } from '../../core/ids.ts';
import { erasedAnswer, erasedResponse } from '../../http/answering/erased.ts';
import { callerOf } from '../../http/caller.ts';
import type { Call, Route } from '../../http/contract.ts';
import { checkEchoes } from '../../http/reading/echo.ts';
import { readMembers } from '../../http/reading/members.ts';
import { userRefIn } from '../../http/reading/user-ref.ts';
import { shown, toHumanUser } from './present.ts';
import { appParams, createBody, userExamples, userListSchema, userParams, userSchema } from './schemas.ts';
import { jsonType, ndjsonType, prefersLines, toJsonArray, toLines } from './user-stream.ts';

const usersPath = '/v1/apps/:appId/users';
const userPath = `${usersPath}/:humanId`;

/** The app whose key the caller sent. */
function appOf(call: Call): AppPrincipal {
  const caller = callerOf(call);
  if (caller.kind !== 'app') throw refuse('unauthorized', {});
  return caller;
}

/** The user in the path; null where the text is not an id, which is answered like an unknown id. */
function refOf(call: Call): UserRef | null {
  return userRefIn(call, 'humanId', parseHumanId);
}

export function listUsersRoute(core: Core): Route {
  return {
    method: 'GET',
    path: usersPath,
    operationId: 'listUsers',
    tag: 'Users',
    summary: 'Get all users associated with an app',
    description:
      'Returns one JSON array with every user of the app, oldest first, as a stream. `Accept: application/x-ndjson` gives the same one user a line.',
    access: 'credential',
    params: appParams,
    responses: {
      200: {
        description: 'A JSON array of users',
        schema: userListSchema,
        example: userExamples,
        contentTypes: [jsonType, ndjsonType],
      },
    },
    refusals: ['app_not_found'],
    async handle(call) {
      const batches = streamAppUsers(core, appOf(call), shown);
      const headers = { vary: 'Accept' };
      return prefersLines(call.headers)
        ? { status: 200, headers, stream: toLines(batches), contentType: ndjsonType }
        : { status: 200, headers, stream: toJsonArray(batches) };
    },
  };
}

export function createUserRoute(core: Core): Route {
  return {
    method: 'POST',
    path: usersPath,
    operationId: 'createUser',
    tag: 'Users',
    summary: 'Create a user, or find the one with this externalId',
    description:
      'The same `externalId` gives the same `humanId` again and moves `updatedAt`. A new user is active at once.',
    access: 'credential',
    params: appParams,
    body: createBody,
    bodyExample: { externalId: userExamples[0].externalId },
    bodyTypes: ['application/json', 'application/x-www-form-urlencoded'],
    responses: {
      201: { description: 'The user', schema: userSchema, example: userExamples[1] },
    },
    refusals: ['invalid_fields', 'app_not_found'],
    async handle(call) {
      const app = appOf(call);
      const body = readMembers(call.body);
      // The path names the app, so the app id of a new user is known.
      const shownOnly = [
        'humanId',
        'createdAt',
        'updatedAt',
        ...(body['appId'] === app.appId ? [] : ['appId']),
      ];
      const user = await upsertUser(core, app, {
        appId: app.appId,
        externalId: body['externalId'],
        echoes: checkEchoes(body, shownOnly, toHumanUser),
      });
      return { status: 201, body: toHumanUser(user) };
    },
  };
}

export function getUserRoute(core: Core): Route {
  return {
    method: 'GET',
    path: userPath,
    operationId: 'getUser',
    tag: 'Users',
    summary: 'Returns a single user',
    description: 'One user of the app. A user of another app is not found.',
    access: 'credential',
    params: userParams,
    responses: { 200: { description: 'The user', schema: userSchema, example: userExamples[0] } },
    refusals: ['user_not_found', 'app_not_found'],
    async handle(call) {
      const ref = refOf(call);
      const user = await getUser(core, appOf(call), { action: 'users.read', ref, view: shown });
      return { status: 200, body: toHumanUser(user) };
    },
  };
}

export function deleteUserRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: userPath,
    operationId: 'deleteUser',
    tag: 'Users',
    summary: 'Deletes a user',
    description:
      'An App Key cannot delete an administrator of the organization, nor an approved clinical user.',
    access: 'users.delete',
    params: userParams,
    responses: { 204: erasedResponse('The user is gone') },
    refusals: ['user_not_found', 'app_not_found'],
    async handle(call) {
      return erasedAnswer(await deleteUser(core, appOf(call), { ref: refOf(call) }));
    },
  };
}
