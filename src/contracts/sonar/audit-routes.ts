/** The audit log of the organization, for API keys with the role `admin`. It can be read and not changed. */
import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { parseUserIdText, toUserIdText } from '../../core/ids.ts';
import { type AuditEvent, auditActions } from '../../core/record/audit-event.ts';
import { listAuditEvents, readFilter } from '../../core/record/audit-log.ts';
import { toSecondText } from '../../core/time.ts';
import { callerOf } from '../../http/caller.ts';
import type { Route } from '../../http/contract.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { instant, named, nullable, type Static, Type } from '../../http/shape.ts';
import { perPageDefault, userListSchema } from './schemas.ts';

const action = Type.Enum([...auditActions], { description: 'What was done.' });

const eventSchema = named(
  'AuditEvent',
  Type.Object({
    id: Type.String({ pattern: '^evt_[0-9a-f]{32}$', description: 'The id of the event.' }),
    at: instant('When it happened; of a count, when its hour began.'),
    actor: Type.Object({
      kind: Type.String({
        description:
          'Who did it: `api_key`, `app`, `user` (a person with a session), `connect` (a person on the Connect page), `staff` (a staff account of the console), `public` (no credential) or `operator` (the command line, or a job).',
      }),
      id: nullable(
        Type.String({
          description:
            'The id of the key, the app, the user or the staff account, or the number of the account of the operating system, such as `uid:1000`.',
        }),
      ),
    }),
    door: Type.String({
      description: 'The API that it came through, or `cli` for the command line, `job` for a job.',
    }),
    action,
    subject: Type.Object({
      kind: Type.String({ description: 'What it was done to, such as `user`.' }),
      id: Type.String({ description: 'The id of that. It stays when the user is erased.' }),
    }),
    fields: Type.Array(Type.String(), { description: 'The names of the fields that changed.' }),
    users: nullable(Type.Integer({ minimum: 0, description: 'How many users were shown.' })),
    times: nullable(
      Type.Integer({
        minimum: 1,
        description: 'How often it happened in the hour; null for a single event.',
      }),
    ),
  }),
);

type SonarEvent = Static<typeof eventSchema>;

const eventExample: SonarEvent = {
  id: 'evt_5f0c3a7e9d214b68a1c2d3e4f5061728',
  at: '2025-01-20T08:30:00Z',
  actor: { kind: 'user', id: 'usr_abc123' },
  door: 'general',
  action: 'user.role_changed',
  subject: { kind: 'user', id: 'usr_def456' },
  fields: ['role'],
  users: null,
  times: null,
};

const query = Type.Object({
  user: Type.Optional(
    Type.String({ description: 'Events about this user.', examples: ['usr_abc123'], minLength: 1 }),
  ),
  actor: Type.Optional(
    Type.String({
      description: 'Events of this key, app or user, by its id.',
      examples: ['usr_def456'],
      minLength: 1,
      maxLength: 64,
    }),
  ),
  action: Type.Optional({ ...action, examples: ['user.role_changed'] }),
  since: Type.Optional({ ...instant('From this time on.'), examples: ['2025-01-01T00:00:00Z'] }),
  until: Type.Optional({ ...instant('Before this time.'), examples: ['2025-02-01T00:00:00Z'] }),
  page: pageNumberParameter('Page number. A page past the end is empty.'),
  per_page: pageSizeParameter(perPageDefault, 'Results per page.'),
});

export function listAuditEventsRoute(core: Core): Route {
  return {
    method: 'GET',
    path: '/v1/audit_events',
    operationId: 'listAuditEvents',
    tag: 'Audit',
    summary: 'List audit events',
    description:
      'Who did what, newest first: changes, reads of users, sign-ins and refused attempts, through whichever API. Events have ids and no personal data. For API keys with the role `admin`.',
    access: 'audit.read',
    query,
    responses: {
      200: {
        description: 'Paginated list of events',
        schema: named(
          'AuditEventList',
          Type.Object({ data: Type.Array(eventSchema), meta: userListSchema.properties.meta }),
        ),
        example: { data: [eventExample], meta: { page: 1, per_page: perPageDefault, total: 1 } },
      },
    },
    refusals: ['invalid_fields'],
    sampleFaults: [{ field: 'per_page', fault: 'out_of_range', min: 1, max: pageSizeMax }],
    async handle(call) {
      const { page, faults } = readPage(call.query, { page: 'page', size: 'per_page' }, perPageDefault);
      const { filter, faults: filterFaults } = readFilter(call.query, parseUserIdText);
      const listing = await listAuditEvents(core, callerOf(call), {
        filter,
        faults: [...filterFaults, ...faults],
        page,
      });
      const meta = { page: page.page, per_page: page.size, total: listing.total };
      return { status: 200, body: { data: listing.items.map(toSonarEvent), meta } };
    },
  };
}

function toSonarEvent(event: AuditEvent): SonarEvent {
  const { id, at, actorKind, actorId, door, subjectKind, subjectId, fields, users, times } = event;
  const isPerson = actorKind === 'user' || actorKind === 'connect';
  return {
    id,
    at: toSecondText(at),
    actor: { kind: actorKind, id: isPerson && actorId !== null ? toUserIdText(actorId) : actorId },
    door,
    action: event.action,
    subject: { kind: subjectKind, id: subjectKind === 'user' ? toUserIdText(subjectId) : subjectId },
    fields: [...fields],
    users,
    times,
  };
}
