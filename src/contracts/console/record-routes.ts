/** The record, which is the audit log of the organization, and the development outbox. */
import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { parseHumanId, parseUserIdText, toUserIdText } from '../../core/ids.ts';
import { channels, messageTemplates } from '../../core/messaging/message.ts';
import { listOutbox, type OutboxMessage } from '../../core/messaging/outbox.ts';
import { type FindActorName, nameActors } from '../../core/record/actors.ts';
import { type AuditEvent, auditActions } from '../../core/record/audit-event.ts';
import { listAuditEvents, readFilter } from '../../core/record/audit-log.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import { listMembers, presentList } from './listing.ts';
import type { OutboxAnswer, OutboxItem, RecordItem } from './shapes/record.ts';
import { staffOf } from './staff-caller.ts';

const perPage = 50;
const outboxMax = 200;
const text = Type.String();
const textOrNull = nullable(Type.String());

const item = named(
  'RecordItem',
  Type.Object({
    id: Type.String({ pattern: '^evt_[0-9a-f]{32}$' }),
    at: instant('When it happened; of a count, when its hour began.'),
    actor: Type.Object({ kind: text, id: textOrNull, name: textOrNull }),
    door: text,
    action: Type.Enum([...auditActions]),
    subject: Type.Object({ kind: text, id: text }),
    fields: Type.Array(text),
    users: nullable(Type.Integer({ minimum: 0, description: 'How many people were shown.' })),
    times: nullable(
      Type.Integer({ minimum: 1, description: 'How often in the hour; null for a single event.' }),
    ),
  }),
);

const outbox = named(
  'Outbox',
  Type.Object({
    isMasked: Type.Boolean({
      description: 'Whether addresses are masked, and texts, codes and links left out.',
    }),
    items: Type.Array(
      Type.Object({
        id: Type.String({ pattern: '^msg_[0-9a-f]{32}$' }),
        channel: Type.Enum(channels),
        template: Type.Enum(messageTemplates),
        to: text,
        subject: text,
        body: text,
        code: textOrNull,
        links: Type.Array(text),
        createdAt: instant('When it was written.'),
      }),
    ),
  }),
);

export function recordRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/record',
      operationId: 'listRecord',
      tag: 'Record',
      summary: 'Who did what, newest first',
      access: 'console.record.read',
      query: Type.Object({
        page: pageNumberParameter('The page, from 1.'),
        pageSize: pageSizeParameter(perPage, 'Events per page.'),
        actor: Type.Optional(
          Type.String({ description: 'Of this key, app, user or staff account.', maxLength: 64 }),
        ),
        action: Type.Optional(Type.Enum([...auditActions], { description: 'What was done.' })),
        user: Type.Optional(Type.String({ description: 'About this user.', maxLength: 40 })),
        since: Type.Optional(Type.String({ description: 'From this time or date on.' })),
        until: Type.Optional(Type.String({ description: 'Before this time or date.' })),
      }),
      responses: {
        200: {
          description: 'A page of events',
          schema: named('RecordList', Type.Object({ ...listMembers, items: Type.Array(item) })),
        },
      },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'pageSize', fault: 'out_of_range', min: 1, max: pageSizeMax }],
      handle: (call) => list(core, call),
    },
    {
      method: 'GET',
      path: '/record/actions',
      operationId: 'listRecordActions',
      tag: 'Record',
      summary: 'The actions that the record knows',
      access: 'console.record.read',
      responses: {
        200: {
          description: 'Their names',
          schema: Type.Object({ actions: Type.Array(Type.Enum([...auditActions])) }),
        },
      },
      handle: async () => ({ status: 200, body: { actions: auditActions } }),
    },
    {
      method: 'GET',
      path: '/outbox',
      operationId: 'listOutbox',
      tag: 'Outbox',
      summary: 'What would have been sent',
      description:
        'The newest messages of the development outbox, with codes and links; masked for who sees people masked. Production has none.',
      access: 'console.outbox.read',
      responses: { 200: { description: 'The messages, newest first', schema: outbox } },
      async handle(call) {
        const { isMasked, items } = await listOutbox(core, staffOf(call), { limit: outboxMax });
        const body: OutboxAnswer = { isMasked, items: items.map(presentMessage) };
        return { status: 200, body };
      },
    },
  ];
}

async function list(core: Core, call: Call): Promise<Answer> {
  const principal = staffOf(call);
  const { page, faults } = readPage(call.query, { page: 'page', size: 'pageSize' }, perPage);
  const given = Object.fromEntries(Object.entries(call.query).filter(([, value]) => value !== ''));
  const { filter, faults: filterFaults } = readFilter(given, parseAnyId);
  const listing = await listAuditEvents(core, principal, {
    filter,
    faults: [...filterFaults, ...faults],
    page,
  });
  const nameOf = await nameActors(core, principal, listing.items);
  return { status: 200, body: presentList(listing, (event) => presentEvent(event, nameOf)) };
}

function parseAnyId(written: string): string | null {
  return parseUserIdText(written.toLowerCase()) ?? parseHumanId(written.toLowerCase());
}

function presentEvent(event: AuditEvent, nameOf: FindActorName): RecordItem {
  const { id, at, actorKind, actorId, door, action, subjectKind, subjectId, fields, users, times } = event;
  const isPerson = actorKind === 'user' || actorKind === 'connect';
  return {
    ...{ id, door, action, users, times },
    at: toMillisecondText(at),
    actor: {
      kind: actorKind,
      id: isPerson && actorId !== null ? toUserIdText(actorId) : actorId,
      name: actorId === null || isPerson ? null : nameOf(actorId),
    },
    subject: { kind: subjectKind, id: subjectKind === 'user' ? toUserIdText(subjectId) : subjectId },
    fields: [...fields],
  };
}

function presentMessage({ message, content }: OutboxMessage): OutboxItem {
  const { id, channel, template, createdAt } = message;
  const { to, subject, body, code = null } = content;
  return {
    ...{ id, channel, template, to, subject, body, code },
    links: body.match(/https?:\/\/[^\s<>"']+/g) ?? [],
    createdAt: toMillisecondText(createdAt),
  };
}
