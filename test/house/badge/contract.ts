/**
 * A fifth contract, as small as one can be: the badge of a user, under `/v3/badges`. It is written as if it lay
 * in `src/contracts/badge/`, and the test puts it there.
 */
import { Type } from 'typebox';
import { authenticateApiKey } from '../../../src/core/access/authentication.ts';
import type { Core } from '../../../src/core/core.ts';
import { createUser, deleteUser, getUser } from '../../../src/core/directory/user-lifecycle.ts';
import { type Seen, userView } from '../../../src/core/directory/user-view.ts';
import { parseHumanId } from '../../../src/core/ids.ts';
import { callerOf } from '../../../src/http/caller.ts';
import type { Call, Contract, Route } from '../../../src/http/contract.ts';
import { readBearer } from '../../../src/http/reading/bearer.ts';
import { checkEchoes } from '../../../src/http/reading/echo.ts';
import { readMembers } from '../../../src/http/reading/members.ts';
import { presentRefusal } from './errors.ts';

const badge = Type.Object({ badge: Type.String(), zone: Type.String() });
const example = { badge: '0a34dca6b9fe0b2361038bd371d96539', zone: 'UTC' };

export const badgeContract: Contract = {
  name: 'badge',
  title: 'Badge API',
  description: 'The badges of users.',
  claims: (path) => path === '/v3/badges' || path.startsWith('/v3/badges/'),
  securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
  authenticate: (core, { headers, door }) => authenticateApiKey(core, door, readBearer(headers) ?? ''),
  routes: (core) => [createBadge(core), readBadge(core), deleteBadge(core)],
  sampleFaults: [{ field: 'timezone', fault: 'invalid' }],
  present: presentRefusal,
  show: presentBadge,
  allowsBrowsers: false,
};

function createBadge(core: Core): Route {
  return {
    method: 'POST',
    path: '/v3/badges',
    operationId: 'createBadge',
    summary: 'Make a badge',
    access: 'users.create',
    body: Type.Object({ zone: Type.Optional(Type.String()) }),
    bodyExample: { zone: 'UTC' },
    responses: { 201: { description: 'The badge', schema: badge, example } },
    refusals: ['invalid_fields'],
    async handle(call) {
      const body = readMembers(call.body);
      const user = await createUser(core, callerOf(call), {
        timezone: body['zone'],
        echoes: checkEchoes(body, ['badge'], presentBadge),
        once: null,
      });
      return { status: 201, body: presentBadge(user) };
    },
  };
}

function readBadge(core: Core): Route {
  return {
    method: 'GET',
    path: '/v3/badges/:badge',
    operationId: 'readBadge',
    summary: 'Read a badge',
    access: 'users.read',
    responses: { 200: { description: 'The badge', schema: badge, example } },
    refusals: ['user_not_found'],
    async handle(call) {
      const user = await getUser(core, callerOf(call), { action: 'users.read', ref: refOf(call), view });
      return { status: 200, body: presentBadge(user) };
    },
  };
}

function deleteBadge(core: Core): Route {
  return {
    method: 'DELETE',
    path: '/v3/badges/:badge',
    operationId: 'deleteBadge',
    summary: 'Take a badge back, with its user',
    access: 'users.delete',
    responses: { 204: { description: 'Gone' } },
    refusals: ['user_not_found', 'last_admin'],
    async handle(call) {
      await deleteUser(core, callerOf(call), { ref: refOf(call) });
      return { status: 204 };
    },
  };
}

const view = userView('id', 'timezone');

function presentBadge(user: Seen<typeof view>): { badge: string; zone: string } {
  return { badge: user.id, zone: user.timezone };
}

function refOf({ params }: Call): { id: string } | null {
  const id = parseHumanId(params['badge'] ?? '');
  return id === null ? null : { id };
}
