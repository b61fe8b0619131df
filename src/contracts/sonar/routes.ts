/**
 * The operations of `sonar` on users. Each calls one core operation and presents the result. Reports of syncs and
 * scores are in `report-routes.ts`.
 */
import type { Core } from '../../core/core.ts';
import { lookUpFaults, readExternalIdLookUp } from '../../core/directory/external-id.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import type { User } from '../../core/directory/user.ts';
import { createUser, deleteUser, getUser, updateUser } from '../../core/directory/user-lifecycle.ts';
import { listUsers, listUsersByExternalId } from '../../core/directory/user-list.ts';
import type { UserRef } from '../../core/directory/user-store.ts';
import { refuseFaults } from '../../core/errors.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { erasedAnswer, erasedResponse } from '../../http/answering/erased.ts';
import { callerOf } from '../../http/caller.ts';
import type { Call, Route } from '../../http/contract.ts';
import { checkEchoes } from '../../http/reading/echo.ts';
import { readMembers } from '../../http/reading/members.ts';
import { userRefIn } from '../../http/reading/user-ref.ts';
import { idempotencyRefusals, readIdempotency } from './idempotency.ts';
import { shown, toSonarUser, toUserAnswer, toUserListJson } from './present.ts';
import {
  createBody,
  idempotencyHeaders,
  listQuery,
  newUserExample,
  perPageDefault,
  updateBody,
  userAnswerSchema,
  userExample,
  userIdParams,
  userListSchema,
} from './schemas.ts';

const usersPath = '/v1/users';
export const userPath = '/v1/users/:user_id';

/** Read-only fields of answers. */
const shownOnly = ['id', 'status', 'score_status', 'last_sync_at', 'last_score_at', 'created_at'] as const;

/** The user in the path; null where the text is not an id, which is answered like an unknown id. */
export function refOf(call: Call): UserRef | null {
  return userRefIn(call, 'user_id', parseUserIdText);
}

export function listUsersRoute(core: Core): Route {
  return {
    method: 'GET',
    path: usersPath,
    operationId: 'listUsers',
    tag: 'Users',
    summary: 'List users',
    description:
      'Returns a paginated list of all users on your account, newest first. Filter by `reference_id` to look up a specific user.',
    access: 'users.read',
    query: listQuery,
    responses: {
      200: {
        description: 'Paginated user list',
        schema: userListSchema,
        example: { data: [userExample], meta: { page: 1, per_page: perPageDefault, total: 84 } },
      },
    },
    refusals: ['invalid_fields'],
    sampleFaults: [{ field: 'per_page', fault: 'out_of_range', min: 1, max: pageSizeMax }],
    async handle(call) {
      const { page, faults } = readPage(call.query, { page: 'page', size: 'per_page' }, perPageDefault);
      const reference = call.query['reference_id'];
      const referenceFaults =
        reference === undefined ? [] : lookUpFaults(readExternalIdLookUp(reference), 'externalId');
      refuseFaults([...referenceFaults, ...faults]);
      const listing =
        reference === undefined
          ? await listUsers(core, callerOf(call), { action: 'users.read', filter: {}, page, view: shown })
          : await listUsersByExternalId(core, callerOf(call), { externalId: reference, page, view: shown });
      return { status: 200, content: toUserListJson(listing, core.clock.now()) };
    },
  };
}

export function createUserRoute(core: Core): Route {
  return {
    method: 'POST',
    path: usersPath,
    operationId: 'createUser',
    tag: 'Users',
    summary: 'Create a user',
    description:
      'Creates a new user linked to your account, active at once. Use `reference_id` to map to your own identity system. The body and all its fields are optional.',
    access: 'users.create',
    headers: idempotencyHeaders,
    body: createBody,
    bodyExample: { reference_id: 'your-internal-id', timezone: 'America/New_York' },
    responses: {
      201: { description: 'The new user', schema: userAnswerSchema, example: { data: newUserExample } },
    },
    refusals: ['invalid_fields', 'external_id_taken', ...idempotencyRefusals],
    async handle(call) {
      const body = readMembers(call.body);
      const user = await createUser(core, callerOf(call), {
        externalId: body['reference_id'],
        timezone: body['timezone'],
        appId: body['app_id'],
        echoes: checkEchoes(body, shownOnly, (present) => toSonarUser(present, core.clock.now())),
        once: readIdempotency(core, call, { method: 'POST', path: usersPath }),
      });
      return { status: 201, body: toUserAnswer(user, core.clock.now()) };
    },
  };
}

export function getUserRoute(core: Core): Route {
  return {
    method: 'GET',
    path: userPath,
    operationId: 'getUser',
    tag: 'Users',
    summary: 'Get a user',
    description: "Returns a user's profile, sync status, and score status.",
    access: 'users.read',
    params: userIdParams,
    responses: {
      200: { description: 'User profile', schema: userAnswerSchema, example: { data: userExample } },
    },
    refusals: ['user_not_found'],
    async handle(call) {
      const ref = refOf(call);
      const user = await getUser(core, callerOf(call), { action: 'users.read', ref, view: shown });
      return { status: 200, body: toUserAnswer(user, core.clock.now()) };
    },
  };
}

export function updateUserRoute(core: Core): Route {
  return {
    method: 'PATCH',
    path: userPath,
    operationId: 'updateUser',
    tag: 'Users',
    summary: 'Update a user',
    description:
      'Updates mutable fields for a user; what is absent stays. `reference_id: null` clears it. Fields that cannot be set may be sent with their present value.',
    access: 'users.update',
    params: userIdParams,
    body: updateBody,
    bodyExample: { timezone: 'Europe/London' },
    responses: {
      200: {
        description: 'Updated user profile',
        schema: userAnswerSchema,
        example: { data: { ...userExample, timezone: 'Europe/London' } },
      },
    },
    refusals: ['user_not_found', 'invalid_fields', 'external_id_taken'],
    async handle(call) {
      const body = readMembers(call.body);
      // A user stays in its app. Creation accepts this field, so an update refuses another value instead of
      // ignoring it.
      const show = (user: User) => ({ ...toSonarUser(user, core.clock.now()), app_id: user.appId });
      const user = await updateUser(core, callerOf(call), {
        ref: refOf(call),
        externalId: body['reference_id'],
        timezone: body['timezone'],
        echoes: checkEchoes(body, [...shownOnly, 'app_id'], show),
      });
      return { status: 200, body: toUserAnswer(user, core.clock.now()) };
    },
  };
}

export function deleteUserRoute(core: Core): Route {
  return {
    method: 'DELETE',
    path: userPath,
    operationId: 'deleteUser',
    tag: 'Users',
    summary: 'Delete a user',
    description:
      'Permanently deletes a user, disconnects all devices, de-authorizes with providers, and removes all associated data. This action is irreversible.',
    access: 'users.delete',
    params: userIdParams,
    responses: { 204: erasedResponse('The user is gone') },
    refusals: ['user_not_found', 'last_admin'],
    async handle(call) {
      return erasedAnswer(await deleteUser(core, callerOf(call), { ref: refOf(call) }));
    },
  };
}
