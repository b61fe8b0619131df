/** Acts on many people in the console: a plan, its confirmation, the run part by part, and going on after an interruption. */
import type { Core } from '../../core/core.ts';
import { userRoles } from '../../core/directory/user.ts';
import { refuseFaults } from '../../core/errors.ts';
import { parseUserIdText } from '../../core/ids.ts';
import { bulkActs, bulkConfirmationOf, bulkMax, bulkStates } from '../../core/people/bulk-act.ts';
import {
  type BulkProgress,
  type BulkSelection,
  discardBulkAct,
  getBulkAct,
  listBulkActs,
  planBulkAct,
  runBulkAct,
} from '../../core/people/bulk-acts.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { namesOf, unknownNames } from '../../http/reading/known-names.ts';
import { readMembers } from '../../http/reading/members.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import { readPeopleQuery } from './people-routes.ts';
import { peopleExportQuery } from './people-schemas.ts';
import type { BulkPlan, BulkRefusal } from './shapes/bulk.ts';
import { staffOf } from './staff-caller.ts';

const tag = 'People';
const count = Type.Integer({ minimum: 0 });
const bulkId = Type.String({ pattern: '^blk_[0-9a-f]{32}$', description: 'The id of the bulk act.' });
const refusals = Type.Array(Type.Object({ why: Type.String(), count }));

const plan = named(
  'BulkPlan',
  Type.Object({
    id: bulkId,
    act: Type.Enum(bulkActs),
    role: nullable(Type.Enum(userRoles, { description: 'Of `role`: the new one.' })),
    isApproved: nullable(Type.Boolean({ description: 'Of `clinical`: whether it is approved.' })),
    state: Type.Enum(bulkStates),
    total: count,
    refusals,
    done: count,
    changed: count,
    failed: refusals,
    confirmation: Type.String({ description: 'What the reader types to confirm the plan.' }),
    createdAt: instant('When it was planned.'),
  }),
);

const params = Type.Object({ bulkId });

const planBody = Type.Object({
  act: Type.Enum(bulkActs, { description: 'What to do to each.' }),
  role: Type.Optional(Type.Enum(userRoles, { description: 'Of `role`: the new one.' })),
  isApproved: Type.Optional(Type.Boolean({ description: 'Of `clinical`: whether it is approved.' })),
  selection: Type.Object(
    {
      ids: Type.Optional(Type.Array(Type.String(), { maxItems: bulkMax, description: 'The ids of people.' })),
      query: Type.Optional(peopleExportQuery),
    },
    { description: `Ids, or a query whose total is exact; at most ${bulkMax} people.` },
  ),
});

const runBody = Type.Object({
  confirmation: Type.Optional(
    Type.String({ description: 'Of a plan: its `confirmation`, as the reader typed it.' }),
  ),
});

export function bulkRoutes(core: Core): readonly Route[] {
  const common = { tag, access: 'console.people.many' } as const;
  return [
    {
      ...common,
      method: 'POST',
      path: '/bulk-acts',
      operationId: 'planBulkAct',
      summary: 'Plan an act on many people',
      description:
        'Changes no person. The plan says what would be refused now, and is confirmed by the first run. Each role plans the acts that it may do to one person.',
      body: planBody,
      bodyExample: { act: 'end-sessions', selection: { query: { role: 'admin' } } },
      responses: { 201: { description: 'The plan', schema: plan } },
      refusals: ['invalid_fields', 'rate_limited', 'wrong_state'],
      sampleFaults: [{ field: 'selection', fault: 'out_of_range', min: 1, max: bulkMax }],
      handle: (call) => make(core, call),
    },
    {
      ...common,
      method: 'GET',
      path: '/bulk-acts',
      operationId: 'listBulkActs',
      summary: 'The own bulk acts that are not complete',
      responses: {
        200: {
          description: 'Newest first',
          schema: named('BulkPlanList', Type.Object({ items: Type.Array(plan) })),
        },
      },
      async handle(call) {
        const found = await listBulkActs(core, staffOf(call));
        return { status: 200, body: { items: found.map(presentPlan) } };
      },
    },
    {
      ...common,
      method: 'GET',
      path: '/bulk-acts/:bulkId',
      operationId: 'getBulkAct',
      summary: 'One bulk act',
      params,
      responses: { 200: { description: 'The bulk act', schema: plan } },
      refusals: ['bulk_act_not_found'],
      async handle(call) {
        return { status: 200, body: presentPlan(await getBulkAct(core, staffOf(call), idOf(call))) };
      },
    },
    {
      ...common,
      method: 'POST',
      path: '/bulk-acts/:bulkId/run',
      operationId: 'runBulkAct',
      summary: 'Do the next part of a bulk act',
      description:
        'The first call confirms the plan; the page repeats the call until the state is `complete`. A role, clinical approval and a deletion need a fresh second factor for each call.',
      params,
      body: runBody,
      bodyExample: { confirmation: '12' },
      responses: { 200: { description: 'How far it is', schema: plan } },
      refusals: ['bulk_act_not_found', 'invalid_fields', 'wrong_state', 'fresh_factor_required'],
      sampleFaults: [{ field: 'confirmation', fault: 'differs' }],
      async handle(call) {
        const { confirmation } = readMembers(call.body);
        const { arrival } = call;
        const progress = await runBulkAct(core, staffOf(call), { id: idOf(call), confirmation, arrival });
        return { status: 200, body: presentPlan(progress) };
      },
    },
    {
      ...common,
      method: 'DELETE',
      path: '/bulk-acts/:bulkId',
      operationId: 'discardBulkAct',
      summary: 'Discard a bulk act',
      description: 'What was done stays done.',
      params,
      responses: { 204: { description: 'Discarded' } },
      refusals: ['bulk_act_not_found', 'wrong_state'],
      async handle(call) {
        await discardBulkAct(core, staffOf(call), idOf(call));
        return { status: 204 };
      },
    },
  ];
}

function idOf({ params: path }: Call): string {
  return path['bulkId'] ?? '';
}

async function make(core: Core, call: Call): Promise<Answer> {
  const { act, role, isApproved, selection } = readMembers(call.body);
  const progress = await planBulkAct(core, staffOf(call), {
    ...{ act, values: { role, isApproved }, selection: readSelection(selection) },
  });
  return { status: 201, body: presentPlan(progress) };
}

function readSelection(value: unknown): BulkSelection {
  const invalid = () => refuseFaults([{ field: 'selection', fault: 'invalid' }]);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid();
  const { ids, query }: { ids?: unknown; query?: unknown } = Object(value);
  refuseFaults([
    ...unknownNames(value, namesOf(planBody.properties.selection)),
    ...unknownNames(query, namesOf(peopleExportQuery)),
  ]);
  if (Array.isArray(ids) && query === undefined) {
    const parsed = ids.map((id) => (typeof id === 'string' ? parseUserIdText(id) : null));
    if (parsed.includes(null)) invalid();
    return { ids: parsed.filter((id) => id !== null) };
  }
  if (ids !== undefined || typeof query !== 'object' || query === null || Array.isArray(query)) invalid();
  const { faults, ...asked } = readPeopleQuery({ ...Object(query) });
  refuseFaults(faults);
  return asked;
}

function presentPlan({ bulk, left }: BulkProgress): BulkPlan {
  const { id, act, value, state, total, changed, createdAt } = bulk;
  const counted = Object.values(bulk.failed).reduce((sum, each) => sum + each, changed);
  // One that was discarded has forgotten who was left, and they were not done.
  const done = state === 'discarded' ? counted : total - left;
  // Who was deleted while the act waited has left no row.
  const gone = done - counted > 0 ? { gone: (bulk.failed['gone'] ?? 0) + done - counted } : {};
  return {
    ...{ id, act, state, total, done, changed },
    role: typeof value === 'string' ? value : null,
    isApproved: typeof value === 'boolean' ? value : null,
    refusals: presentRefusals(bulk.planned),
    failed: presentRefusals({ ...bulk.failed, ...gone }),
    confirmation: bulkConfirmationOf(bulk),
    createdAt: toMillisecondText(createdAt),
  };
}

function presentRefusals(refused: Readonly<Record<string, number>>): readonly BulkRefusal[] {
  return Object.entries(refused).map(([why, times]) => ({ why, count: times }));
}
