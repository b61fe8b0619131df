/** Badges: listing, making, reading, changing them and giving them back. */
import type { Core } from '../../../src/core/core.ts';
import { type Page, readPage } from '../../../src/core/directory/paging.ts';
import { createUser, deleteUser, getUser, updateUser } from '../../../src/core/directory/user-lifecycle.ts';
import { listUsers, listUsersByExternalId } from '../../../src/core/directory/user-list.ts';
import type { UserRef } from '../../../src/core/directory/user-store.ts';
import { refuseFaults } from '../../../src/core/errors.ts';
import { parseHumanId } from '../../../src/core/ids.ts';
import {
  answerTagged,
  conditionalHeaders,
  entityTagHeader,
  notModifiedResponse,
  preconditionOf,
} from '../../../src/http/answering/entity-tag.ts';
import { erasedAnswer, erasedResponse } from '../../../src/http/answering/erased.ts';
import { callerOf } from '../../../src/http/caller.ts';
import type { Answer, Call, Route } from '../../../src/http/contract.ts';
import { checkEchoes } from '../../../src/http/reading/echo.ts';
import { readMembers } from '../../../src/http/reading/members.ts';
import { userRefIn } from '../../../src/http/reading/user-ref.ts';
import { Type } from '../../../src/http/shape.ts';
import { badgeShape, badgesPath, fullShape, presentBadge, presentFull, tagOf, view } from './present.ts';
import { pageNames, querySchema } from './query.ts';

const badgePath = `${badgesPath}/:badge`;
const badgeExample = { badge: '0a34dca6b9fe0b2361038bd371d96539', holder: 'holder-of-badge', zone: 'UTC' };
const fullExample = { ...badgeExample, meta: { location: 'https://id.example.com/badge/v3/badges/0a34' } };
const body = Type.Object({ holder: Type.Optional(Type.String()), zone: Type.Optional(Type.String()) });
const shownOnly = ['badge'];

export function badgeRoutes(core: Core): readonly Route[] {
  return [
    {
      ...{ method: 'GET', path: badgesPath, operationId: 'listBadges', summary: 'List badges' },
      ...{ tag: 'badges', access: 'users.read', query: querySchema },
      responses: {
        200: {
          description: 'A page of badges',
          schema: Type.Object({
            badges: Type.Array(Type.Object(optionalOf(badgeShape.properties))),
            total: Type.Integer(),
          }),
          example: { badges: [badgeExample], total: 1 },
        },
      },
      refusals: ['invalid_fields'],
      handle: (call) => list(core, call),
    },
    {
      ...{ method: 'POST', path: badgesPath, operationId: 'createBadge', summary: 'Make a badge' },
      ...{ tag: 'badges', access: 'users.create', body },
      bodyExample: { holder: badgeExample.holder, zone: badgeExample.zone },
      responses: {
        201: {
          description: 'The badge',
          schema: fullShape,
          example: fullExample,
          headers: { ...entityTagHeader, Location: { description: 'The absolute address of the badge.' } },
        },
      },
      refusals: ['invalid_fields', 'external_id_taken'],
      handle: (call) => create(core, call),
    },
    {
      ...{ method: 'GET', path: badgePath, operationId: 'readBadge', summary: 'Read a badge' },
      ...{ tag: 'badges', access: 'users.read', headers: conditionalHeaders },
      responses: {
        200: { description: 'The badge', schema: fullShape, example: fullExample, headers: entityTagHeader },
        304: notModifiedResponse,
      },
      refusals: ['user_not_found', 'precondition_failed'],
      handle: (call) => read(core, call),
    },
    {
      ...{ method: 'PATCH', path: badgePath, operationId: 'changeBadge', summary: 'Change a badge' },
      ...{ tag: 'badges', access: 'users.update', headers: conditionalHeaders, body },
      bodyExample: { zone: 'Europe/London' },
      responses: {
        200: { description: 'The badge', schema: fullShape, example: fullExample, headers: entityTagHeader },
      },
      refusals: ['user_not_found', 'invalid_fields', 'external_id_taken', 'precondition_failed'],
      handle: (call) => change(core, call),
    },
    {
      ...{ method: 'DELETE', path: badgePath, operationId: 'deleteBadge', summary: 'Give a badge back' },
      ...{ tag: 'badges', access: 'users.delete', headers: conditionalHeaders },
      responses: { 204: erasedResponse('The badge and its user are gone') },
      refusals: ['user_not_found', 'last_admin', 'precondition_failed'],
      async handle(call) {
        const precondition = preconditionOf(call.headers, tagOf);
        return erasedAnswer(await deleteUser(core, callerOf(call), { ref: refOf(call), precondition }));
      },
    },
  ];
}

async function list(core: Core, call: Call): Promise<Answer> {
  const { page, faults } = readPage(call.query, pageNames, 20);
  refuseFaults(faults);
  const { items, total } = await find(core, call, page);
  const { only } = call.query;
  const names = Array.isArray(only) && only.length > 0 ? only : Object.keys(badgeShape.properties);
  const badges = items.map((user) => {
    return Object.fromEntries(Object.entries(presentBadge(user)).filter(([name]) => names.includes(name)));
  });
  return { status: 200, body: { badges, total } };
}

function find(core: Core, call: Call, page: Page) {
  const { holder } = call.query;
  return typeof holder === 'string'
    ? listUsersByExternalId(core, callerOf(call), { externalId: holder, page, view })
    : listUsers(core, callerOf(call), { action: 'users.read', filter: {}, page, view });
}

async function create(core: Core, call: Call): Promise<Answer> {
  const { holder, zone, ...rest } = readMembers(call.body);
  const user = await createUser(core, callerOf(call), {
    ...{ externalId: holder, timezone: zone, once: null },
    echoes: checkEchoes(rest, shownOnly, presentBadge),
  });
  const shown = presentFull(call, user);
  return { status: 201, headers: { etag: tagOf(user), location: shown.meta.location }, body: shown };
}

async function read(core: Core, call: Call): Promise<Answer> {
  const user = await getUser(core, callerOf(call), { action: 'users.read', ref: refOf(call), view });
  return answerTagged(call.headers, tagOf(user), presentFull(call, user));
}

async function change(core: Core, call: Call): Promise<Answer> {
  const { holder, zone, ...rest } = readMembers(call.body);
  const user = await updateUser(core, callerOf(call), {
    ...{ ref: refOf(call), externalId: holder, timezone: zone },
    echoes: checkEchoes(rest, shownOnly, presentBadge),
    precondition: preconditionOf(call.headers, tagOf),
  });
  return { status: 200, headers: { etag: tagOf(user) }, body: presentFull(call, user) };
}

function refOf(call: Call): UserRef | null {
  return userRefIn(call, 'badge', parseHumanId);
}

function optionalOf({ badge, holder, zone }: typeof badgeShape.properties) {
  return { badge: Type.Optional(badge), holder: Type.Optional(holder), zone: Type.Optional(zone) };
}
