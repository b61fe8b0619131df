/**
 * The four operations of the organization's document; each calls one operation of the core. The access of the
 * route decides who may call it, before its handler runs. The core decides that only an admin invites an admin,
 * and reads all values: they come to it unread.
 */
import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { FieldReader, readChoice, readOptional } from '../../core/directory/user-fields.ts';
import { deleteUser, getUser } from '../../core/directory/user-lifecycle.ts';
import { listUsers } from '../../core/directory/user-list.ts';
import type { UserRef } from '../../core/directory/user-store.ts';
import { refuseFaults } from '../../core/errors.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { inviteUser } from '../../core/verification/invitation.ts';
import { erasedAnswer, erasedResponse } from '../../http/answering/erased.ts';
import { callerOf } from '../../http/caller.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { checkEchoes } from '../../http/reading/echo.ts';
import { readMembers } from '../../http/reading/members.ts';
import { userRefIn } from '../../http/reading/user-ref.ts';
import { deleteOperation } from './errors.ts';
import { fullView, listedView, presentCreated, presentFull, presentListed } from './present.ts';
import {
  createdUser,
  fullUser,
  listQuery,
  newUser,
  pageSizeDefault,
  statusFilters,
  userList,
  userParams,
} from './schemas.ts';

/** The path of the list; single users are one segment below it. */
export const usersPath = '/api/v1/users';

/** Read-only fields of answers. */
const shownOnly = ['id', 'status', 'created_at', 'last_login'];

/** The routes in the document's order. */
export function routes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: usersPath,
      operationId: 'listUsers',
      tag: 'Users',
      summary: 'List users',
      description: 'Retrieves a paginated list of users from your organization, newest first.',
      access: 'staff.read',
      query: listQuery,
      responses: { 200: { description: 'A page of users', schema: userList, example: listExample } },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'limit', fault: 'out_of_range', min: 1, max: pageSizeMax }],
      handle: (call) => list(core, call),
    },
    {
      method: 'POST',
      path: usersPath,
      operationId: 'createUser',
      tag: 'Users',
      summary: 'Create a user',
      description:
        'Creates a pending user in your organization and mails an invitation: a link, good once and for seven days, by which the user sets a password and becomes active. An address that another user only claims, by a sign-up and without any proof, is free.',
      access: 'staff.invite',
      body: newUser,
      bodyExample: { email: 'jane@example.com', name: 'Jane Smith', role: 'member' },
      responses: {
        201: { description: 'User created successfully', schema: createdUser, example: createdExample },
      },
      refusals: ['invalid_fields', 'email_taken', 'rate_limited'],
      sampleFaults: [{ field: 'email', fault: 'blank' }],
      handle: (call) => create(core, call),
    },
    {
      method: 'GET',
      path: `${usersPath}/:id`,
      operationId: 'getUser',
      tag: 'Users',
      summary: 'Get a user',
      description: 'Retrieves a single user by their unique identifier.',
      access: 'staff.read',
      params: userParams,
      responses: { 200: { description: 'User found', schema: fullUser, example: fullExample } },
      refusals: ['user_not_found'],
      handle: (call) => read(core, call),
    },
    {
      method: 'DELETE',
      path: `${usersPath}/:id`,
      operationId: deleteOperation,
      tag: 'Users',
      summary: 'Delete a user',
      description:
        'Permanently deletes a user from your organization. This action cannot be undone. The last active admin cannot be deleted.',
      access: 'users.delete',
      params: userParams,
      responses: { 204: erasedResponse('User deleted successfully') },
      refusals: ['user_not_found', 'last_admin'],
      handle: (call) => remove(core, call),
    },
  ];
}

/** Faults of the query are reported in the order page, limit, status. */
async function list(core: Core, call: Call): Promise<Answer> {
  const { page, faults } = readPage(call.query, { page: 'page', size: 'limit' }, pageSizeDefault);
  const fields = new FieldReader();
  const status = fields.take(
    'status',
    readOptional(call.query['status'], (value) => readChoice(value, statusFilters)),
  );
  refuseFaults([...faults, ...fields.faults]);
  const filter = status === undefined || status === null ? {} : { status };
  const input = { action: 'staff.read', filter, page, view: listedView } as const;
  const { items, total } = await listUsers(core, callerOf(call), input);
  const meta = { page: page.page, limit: page.size, total };
  return { status: 200, body: { data: items.map(presentListed), meta } };
}

/** The invitation is committed together with the user. */
async function create(core: Core, call: Call): Promise<Answer> {
  const body = readMembers(call.body);
  const user = await inviteUser(core, callerOf(call), {
    email: body['email'],
    name: body['name'],
    role: body['role'],
    echoes: checkEchoes(body, shownOnly, (present) => ({ ...presentFull(present) })),
  });
  return { status: 201, body: presentCreated(user) };
}

async function read(core: Core, call: Call): Promise<Answer> {
  const input = { action: 'staff.read', ref: refOf(call), view: fullView } as const;
  const user = await getUser(core, callerOf(call), input);
  return { status: 200, body: presentFull(user) };
}

async function remove(core: Core, call: Call): Promise<Answer> {
  return erasedAnswer(await deleteUser(core, callerOf(call), { ref: refOf(call) }));
}

/** The user in the path; null for an id that no user can have. */
function refOf(call: Call): UserRef | null {
  return userRefIn(call, 'id', parseUserIdText);
}

const listExample = {
  data: [
    {
      id: 'usr_123abc',
      email: 'john@example.com',
      name: 'John Doe',
      status: 'active',
      created_at: '2024-01-15T10:30:00Z',
    },
  ],
  meta: { page: 1, limit: 20, total: 42 },
};

const createdExample = {
  id: 'usr_456def',
  email: 'jane@example.com',
  name: 'Jane Smith',
  role: 'member',
  status: 'pending',
  created_at: '2024-01-20T14:22:00Z',
};

const fullExample = {
  id: 'usr_123abc',
  email: 'john@example.com',
  name: 'John Doe',
  role: 'admin',
  status: 'active',
  created_at: '2024-01-15T10:30:00Z',
  last_login: '2024-01-20T09:15:00Z',
};
