/** The session of the staff account that is signed in: who it is, its end, and the other sessions of the account. */
import { staffRoles } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { closestLanguage, languages, readAcceptLanguage } from '../../core/messaging/language.ts';
import {
  endStaffSession,
  listStaffSessions,
  readOwnStaff,
  signStaffOut,
} from '../../core/staff/own-session.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import { noSessionCookie } from './session-cookie.ts';
import type { SessionAnswer } from './shapes/session.ts';
import type { SessionsAnswer } from './shapes/staff.ts';
import { staffOf } from './staff-caller.ts';

const session = named(
  'Session',
  Type.Object({
    staff: Type.Object({
      id: Type.String({ pattern: '^stf_[0-9a-f]{32}$' }),
      email: Type.String(),
      name: Type.String(),
      role: Type.Enum(staffRoles),
    }),
    organization: Type.Object({ id: Type.String(), name: Type.String() }),
    expiresAt: instant('When the session ends without another call.'),
    freshUntil: nullable(instant('Until when the last second factor counts as fresh.')),
    isDevelopment: Type.Boolean({ description: 'Whether the deployment is for development.' }),
    locale: Type.Enum(languages, { description: 'The language that suits the browser best.' }),
  }),
);

const sessionList = named(
  'SessionList',
  Type.Object({
    items: Type.Array(
      Type.Object({
        id: Type.String({ pattern: '^ses_[0-9a-f]{32}$' }),
        startedAt: instant('When it began.'),
        lastUsedAt: instant('When it was used last, to the minute.'),
        network: Type.String({ description: 'From where it began.' }),
        isCurrent: Type.Boolean({ description: 'Whether it is the session of the call.' }),
      }),
    ),
  }),
);
const params = Type.Object({ sessionId: Type.String({ description: 'The id of the session.' }) });

export function sessionRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/session',
      operationId: 'getSession',
      tag: 'Session',
      summary: 'Who is signed in',
      access: 'credential',
      responses: { 200: { description: 'The session', schema: session } },
      handle: (call) => read(core, call),
    },
    {
      method: 'DELETE',
      path: '/session',
      operationId: 'endSession',
      tag: 'Session',
      summary: 'Sign out',
      access: 'credential',
      responses: { 204: { description: 'Signed out' } },
      handle: (call) => end(core, call),
    },
    {
      method: 'GET',
      path: '/sessions',
      operationId: 'listSessions',
      tag: 'Session',
      summary: 'The own sessions',
      access: 'credential',
      responses: { 200: { description: 'Every valid session, newest first', schema: sessionList } },
      handle: (call) => list(core, call),
    },
    {
      method: 'DELETE',
      path: '/sessions/:sessionId',
      operationId: 'endOtherSession',
      tag: 'Session',
      summary: 'End an own session',
      access: 'credential',
      params,
      responses: { 204: { description: 'Ended' } },
      refusals: ['session_not_found'],
      async handle(call) {
        const { sessionId = '' } = call.params;
        await endStaffSession(core, staffOf(call), { sessionId });
        return { status: 204 };
      },
    },
  ];
}

async function read(core: Core, call: Call): Promise<Answer> {
  const principal = staffOf(call);
  const { account, organization, expiresAt } = await readOwnStaff(core, principal);
  const { id, email, name, role } = account;
  const isFresh = principal.freshUntil > core.clock.now();
  const body: SessionAnswer = {
    staff: { id, email, name, role },
    organization: { id: organization.id, name: organization.name },
    expiresAt: toMillisecondText(expiresAt),
    freshUntil: isFresh ? toMillisecondText(principal.freshUntil) : null,
    isDevelopment: !core.policy.isProduction,
    locale: closestLanguage(readAcceptLanguage(call.headers['accept-language'])),
  };
  return { status: 200, body };
}

async function list(core: Core, call: Call): Promise<Answer> {
  const sessions = await listStaffSessions(core, staffOf(call));
  const body: SessionsAnswer = {
    items: sessions.map(({ id, startedAt, lastUsedAt, network, isCurrent }) => ({
      ...{ id, network, isCurrent },
      startedAt: toMillisecondText(startedAt),
      lastUsedAt: toMillisecondText(lastUsedAt),
    })),
  };
  return { status: 200, body };
}

async function end(core: Core, call: Call): Promise<Answer> {
  await signStaffOut(core, staffOf(call));
  return { status: 204, headers: { 'set-cookie': noSessionCookie(core) } };
}
