/** The operations that change nothing: the list, one user, and whether an email address has an account. */
import { emailHasAccount } from '../../core/access/sign-in.ts';
import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { getProfile } from '../../core/directory/profile.ts';
import { listProfiles } from '../../core/directory/user-list.ts';
import type { UserRef } from '../../core/directory/user-store.ts';
import { refuseFaults } from '../../core/errors.ts';
import { parseUserNumber } from '../../core/ids.ts';
import type { Call, Route } from '../../http/contract.ts';
import { readFlatBody } from './body.ts';
import { findPublic, findUser, userOf } from './caller.ts';
import { emailExample, listExample, userExample } from './examples.ts';
import { presentList, presentTo, shown } from './present.ts';
import {
  emailBody,
  hasAccountSchema,
  idParams,
  listQuery,
  pageSizeDefault,
  publicHeaders,
  userListSchema,
  userSchema,
} from './schemas.ts';

export function listUsersRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/users',
    operationId: 'listUsers',
    tag: 'Users',
    summary: 'List users',
    description:
      "A paginated list of users, newest first: the organization's for admins and for clinical users whom an admin has approved; everybody else sees themselves alone.",
    access: 'credential',
    query: listQuery,
    responses: { 200: { description: 'A page of users', schema: userListSchema, example: listExample } },
    refusals: ['invalid_fields'],
    sampleFaults: [{ field: 'page_size', fault: 'out_of_range', min: 1, max: pageSizeMax }],
    async handle(call) {
      const names = { page: 'page', size: 'page_size' };
      const { page, faults } = readPage(call.query, names, pageSizeDefault);
      refuseFaults(faults);
      const caller = userOf(call);
      const listing = await listProfiles(core, caller, { page, view: shown });
      return { status: 200, body: presentList(caller, listing) };
    },
  };
}

export function getUserRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/users/:id',
    operationId: 'getUser',
    tag: 'Users',
    summary: 'Get a user',
    description:
      'One user: to themselves, to admins, and to clinical users whom an admin has approved. To everybody else it does not exist.',
    access: 'credential',
    params: idParams,
    responses: { 200: { description: 'The user', schema: userSchema, example: userExample } },
    refusals: ['user_not_found'],
    async handle(call) {
      const caller = userOf(call);
      const user = await getProfile(core, caller, { ref: refOf(call), view: shown });
      return { status: 200, body: presentTo(caller, user) };
    },
  };
}

export function emailHasAccountRoute(core: Core): Route {
  return {
    method: 'POST',
    path: '/v1/users/email_has_account',
    operationId: 'emailHasAccount',
    tag: 'Users',
    summary: 'Check if an email address has an account',
    description:
      'Whether an email address already has an account. A deployment can turn this off; the answer is then always no.',
    access: 'public',
    networkThrottle: 'emailCheck',
    headers: publicHeaders,
    body: emailBody,
    bodyExample: emailExample,
    responses: {
      200: { description: 'The answer', schema: hasAccountSchema, example: { has_account: true } },
    },
    refusals: ['app_not_found', 'invalid_fields'],
    sampleFaults: [{ field: 'email', fault: 'blank' }],
    async handle(call) {
      const { email } = readFlatBody(call.body);
      const caller = await findPublic(core, call, await findUser(core, call));
      return { status: 200, body: { has_account: await emailHasAccount(core, caller, { email }) } };
    },
  };
}

/** The user in the path; null for an id that no user can have. */
export function refOf({ params }: Call): UserRef | null {
  const number = parseUserNumber(params['id'] ?? '');
  return number === null ? null : { number };
}
