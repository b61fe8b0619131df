/** Erasures: the list, one with its providers, its receipt as a file, and the check of a receipt. */

import type { Core } from '../../core/core.ts';
import { pageSizeMax, readPage } from '../../core/directory/paging.ts';
import { readChoice } from '../../core/directory/user-fields.ts';
import { deadlineOf, type Erasure, erasureStates } from '../../core/erasure/erasure.ts';
import type { ErasureDossier } from '../../core/erasure/list-erasures.ts';
import { checkReceipt, getOwnErasure, listOwnErasures } from '../../core/erasure/own-erasures.ts';
import { type FieldFault, refuse, refuseFaults } from '../../core/errors.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { pageNumberParameter, pageSizeParameter } from '../../http/page-parameters.ts';
import { readMembers } from '../../http/reading/members.ts';
import { dictionary, instant, named, nullable, Type } from '../../http/shape.ts';
import { listMembers, presentList } from './listing.ts';
import type { ErasureAnswer, ErasureItem, ErasuresAnswer, ReceiptCheckAnswer } from './shapes/erasures.ts';
import { staffOf } from './staff-caller.ts';

const perPage = 50;
const tag = 'Erasures';
const access = 'console.erasures.manage';

const states = Type.Enum(erasureStates);
const count = Type.Integer({ minimum: 0 });
const maybe = (description: string) => nullable(instant(description));

const itemMembers = {
  id: Type.String({ pattern: '^era_[0-9a-f]{32}$' }),
  state: states,
  requestedAt: instant('When the person was deleted.'),
  requestedBy: Type.String({ description: 'The kind of caller, such as `api_key`.' }),
  door: Type.String({ description: 'The API, or `cli`.' }),
  dueBy: instant('When it is overdue, unless it is complete by then.'),
  completedAt: maybe('When it was complete.'),
  userIdSha256: Type.String({ pattern: '^[0-9a-f]{64}$', description: 'The SHA-256 of the id of the user.' }),
};

const list = named(
  'ErasureList',
  Type.Object({
    ...listMembers,
    counts: Type.Object({ running: count, overdue: count, complete: count }),
    items: Type.Array(named('ErasureItem', Type.Object(itemMembers))),
  }),
);

const detail = named(
  'ErasureDetail',
  Type.Object({
    ...itemMembers,
    removed: dictionary(count, { description: 'Removed rows by table.' }),
    providers: Type.Array(
      Type.Object({
        provider: Type.String(),
        state: Type.Enum(['pending', 'confirmed', 'overdue', 'abandoned']),
        outcome: nullable(Type.String({ description: 'The last answer as a short code.' })),
        attempts: count,
        since: instant('When the provider was first asked.'),
        endedAt: maybe('When the access had ended.'),
      }),
    ),
    abandonedBecause: nullable(Type.String()),
    replayedAt: maybe('When it was repeated on a restored database.'),
    receipt: nullable(Type.String({ description: 'A compact JWS (EdDSA).' })),
  }),
);

const check = named(
  'ReceiptCheck',
  Type.Object({
    isValid: Type.Boolean(),
    reason: nullable(Type.Enum(['malformed', 'unknown_key', 'bad_signature'])),
    kid: nullable(Type.String()),
    claims: nullable(dictionary({})),
  }),
);

const params = Type.Object({
  erasureId: Type.String({
    description: 'The id of the erasure',
    examples: ['era_5f0c3a7e9d214b68a1c2d3e4f5061728'],
  }),
});

/** The longest receipt that is checked; those of Roster are a few kilobytes. */
const receiptCharactersMax = 100_000;

export function erasuresRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/erasures',
      operationId: 'listErasures',
      tag,
      summary: 'List erasures',
      description: 'What is overdue first, then what is under way, then what is complete; each newest first.',
      access,
      query: Type.Object({
        page: pageNumberParameter('The page, from 1.'),
        pageSize: pageSizeParameter(perPage, 'Erasures per page.'),
        state: Type.Optional({ ...states, description: 'In this state only.' }),
        userId: Type.Optional(
          Type.String({
            description: 'The id of a user or an erasure, or the SHA-256 of a user id.',
            maxLength: 80,
          }),
        ),
      }),
      responses: { 200: { description: 'A page of erasures', schema: list } },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'pageSize', fault: 'out_of_range', min: 1, max: pageSizeMax }],
      handle: (call) => listAll(core, call),
    },
    {
      method: 'GET',
      path: '/erasures/:erasureId',
      operationId: 'getErasure',
      tag,
      summary: 'One erasure',
      access,
      params,
      responses: { 200: { description: 'The erasure', schema: detail } },
      refusals: ['erasure_not_found'],
      async handle(call) {
        const dossier = await getOwnErasure(core, staffOf(call), call.params['erasureId'] ?? '');
        return { status: 200, body: presentErasure(dossier) };
      },
    },
    {
      method: 'GET',
      path: '/erasures/:erasureId/receipt',
      operationId: 'getReceipt',
      tag,
      summary: 'The receipt as a file',
      access,
      params,
      responses: {
        200: {
          description: 'A compact JWS (RFC 7515)',
          contentTypes: ['application/jose'],
          schema: Type.String({ pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+\\n$' }),
        },
      },
      refusals: ['erasure_not_found', 'wrong_state'],
      handle: (call) => download(core, call),
    },
    {
      method: 'POST',
      path: '/receipts/verify',
      operationId: 'verifyReceipt',
      tag,
      summary: 'Verify a receipt',
      description: 'Against the public keys of this deployment. The page does the same in the browser.',
      access,
      body: Type.Object({ receipt: Type.String({ maxLength: receiptCharactersMax }) }),
      bodyExample: { receipt: 'eyJhbGciOiJFZERTQSJ9.e30.AAAA' },
      responses: { 200: { description: 'What is right or wrong with it', schema: check } },
      refusals: ['invalid_fields'],
      sampleFaults: [{ field: 'receipt', fault: 'blank' }],
      handle: (call) => verify(core, call),
    },
  ];
}

async function listAll(core: Core, call: Call): Promise<Answer> {
  const { page, faults } = readPage(call.query, { page: 'page', size: 'pageSize' }, perPage);
  const { state, userId } = call.query;
  const unknown: FieldFault[] = [...faults];
  const only = state === undefined || state === '' ? null : readChoice(state, erasureStates);
  if (only !== null && !('value' in only)) unknown.push({ field: 'state', fault: 'invalid' });
  const reference = userId === undefined || userId === '' ? null : userId;
  if (reference !== null && typeof reference !== 'string')
    unknown.push({ field: 'userId', fault: 'invalid' });
  const listing = await listOwnErasures(core, staffOf(call), {
    state: only !== null && 'value' in only ? only.value : null,
    reference: typeof reference === 'string' ? reference : null,
    page,
    faults: unknown,
  });
  const { counts } = listing;
  const body: ErasuresAnswer = { ...presentList(listing, presentItem), counts };
  return { status: 200, body };
}

async function download(core: Core, call: Call): Promise<Answer> {
  const { erasure } = await getOwnErasure(core, staffOf(call), call.params['erasureId'] ?? '');
  const { id, state, receipt } = erasure;
  if (receipt === null) throw refuse('wrong_state', { from: state, to: 'complete' });
  return {
    status: 200,
    headers: { 'content-disposition': `attachment; filename="receipt-${id}.jws"` },
    contentType: 'application/jose',
    content: `${receipt}\n`,
  };
}

async function verify(core: Core, call: Call): Promise<Answer> {
  const { receipt } = readMembers(call.body);
  if (typeof receipt !== 'string' || receipt.trim() === '') {
    const isMissing = receipt === undefined || receipt === null || receipt === '';
    refuseFaults([{ field: 'receipt', fault: isMissing ? 'blank' : 'invalid' }]);
  }
  const text = String(receipt);
  if (text.length > receiptCharactersMax) {
    refuseFaults([{ field: 'receipt', fault: 'too_long', max: receiptCharactersMax }]);
  }
  const checked = await checkReceipt(core, staffOf(call), text);
  const body: ReceiptCheckAnswer =
    'fault' in checked
      ? { isValid: false, reason: checked.fault, kid: null, claims: null }
      : { isValid: true, reason: null, kid: checked.kid, claims: { ...checked.claims } };
  return { status: 200, body };
}

function presentItem(erasure: Erasure): ErasureItem {
  const { id, state, requestedAt, requestedBy, door, completedAt, userDigest } = erasure;
  return {
    ...{ id, state, requestedBy, door },
    requestedAt: toMillisecondText(requestedAt),
    dueBy: toMillisecondText(deadlineOf(erasure)),
    completedAt: timeOrNull(completedAt),
    userIdSha256: userDigest,
  };
}

function presentErasure({ erasure, revocations }: ErasureDossier): ErasureAnswer {
  return {
    ...presentItem(erasure),
    removed: erasure.removed,
    providers: revocations.map(({ provider, state, outcome, attempts, createdAt, endedAt }) => ({
      ...{ provider, state, outcome, attempts },
      since: toMillisecondText(createdAt),
      endedAt: timeOrNull(endedAt),
    })),
    abandonedBecause: erasure.abandonReason,
    replayedAt: timeOrNull(erasure.replayedAt),
    receipt: erasure.receipt,
  };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : toMillisecondText(at);
}
