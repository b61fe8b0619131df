/** API keys: listed, created, named, rotated and revoked. Only the answer that makes a key shows it. */
import { keyRoles } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { readChoice } from '../../core/directory/user-fields.ts';
import { type FieldFault, refuse, refuseFaults } from '../../core/errors.ts';
import { formerHoursMax, type KeyDossier } from '../../core/keys/api-key.ts';
import {
  createOwnKey,
  endOwnFormerKey,
  listOwnKeys,
  revokeOwnKey,
  rotateOwnKey,
  updateOwnKey,
} from '../../core/keys/own-keys.ts';
import { parseInstant, toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import type { IssuedKeyAnswer, KeyItem, KeysAnswer } from './shapes/keys.ts';
import { staffOf } from './staff-caller.ts';

const tag = 'Keys';
const access = 'console.keys.manage';
const maybe = (description: string) => nullable(instant(description));

const keyItem = named(
  'KeyItem',
  Type.Object({
    id: Type.String({ pattern: '^key_[0-9a-f]{32}$' }),
    name: nullable(Type.String()),
    role: Type.Enum(keyRoles),
    state: Type.Enum(['active', 'expired', 'revoked']),
    createdAt: instant('When it was created.'),
    expiresAt: maybe('When it expires; null where it does not.'),
    revokedAt: maybe('When it was revoked.'),
    usedAt: maybe('The hour of the last use, by its first instant.'),
    network: nullable(Type.String({ description: 'The /24 or the /48 of that use.' })),
    formerUntil: maybe('Until when the key works that the last rotation has replaced.'),
    formerUsedAt: maybe('The hour of the last use of that key.'),
  }),
);

const issued = named(
  'IssuedKey',
  Type.Object({ key: keyItem, secret: Type.String({ description: 'The key in plain text, only here.' }) }),
);

const params = Type.Object({
  keyId: Type.String({
    description: 'The id of the key',
    examples: ['key_5f0c3a7e9d214b68a1c2d3e4f5061728'],
  }),
});

const refusals = ['api_key_not_found', 'fresh_factor_required'] as const;

export function keysRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/keys',
      operationId: 'listKeys',
      tag,
      summary: 'List API keys',
      description: 'Every key of the organization, oldest first, revoked ones included.',
      access,
      responses: {
        200: {
          description: 'The keys',
          schema: named('KeyList', Type.Object({ items: Type.Array(keyItem) })),
        },
      },
      async handle(call) {
        const keys = await listOwnKeys(core, staffOf(call));
        const body: KeysAnswer = { items: keys.map((key) => presentKey(key, core.clock.now())) };
        return { status: 200, body };
      },
    },
    {
      method: 'POST',
      path: '/keys',
      operationId: 'createKey',
      tag,
      summary: 'Create an API key',
      description: 'A key with the role `admin` is for owners: it deletes people.',
      access,
      body: Type.Object({
        name: Type.String(),
        role: Type.Enum(keyRoles),
        expiresAt: nullable(instant('When it expires; null: never.')),
      }),
      bodyExample: { name: 'Nightly import', role: 'member', expiresAt: null },
      responses: { 201: { description: 'The key in plain text, only here', schema: issued } },
      refusals: ['invalid_fields', 'fresh_factor_required'],
      sampleFaults: [{ field: 'name', fault: 'blank' }],
      handle: (call) => create(core, call),
    },
    {
      method: 'PATCH',
      path: '/keys/:keyId',
      operationId: 'updateKey',
      tag,
      summary: 'Give an API key another name or end',
      description: 'A key with the role `admin` is for owners.',
      access,
      params,
      body: Type.Object({
        name: Type.Optional(Type.String()),
        expiresAt: Type.Optional(nullable(instant('When it expires; null: never.'))),
      }),
      bodyExample: { name: 'Nightly import' },
      responses: { 200: { description: 'The key', schema: keyItem } },
      refusals: [...refusals, 'invalid_fields'],
      sampleFaults: [{ field: 'name', fault: 'blank' }],
      handle: (call) => update(core, call),
    },
    {
      method: 'POST',
      path: '/keys/:keyId/rotate',
      operationId: 'rotateKey',
      tag,
      summary: 'Replace an API key',
      description:
        'The old key is refused at once, or works for the given hours, up to 7 days. A key with the role `admin` is for owners.',
      access,
      params,
      body: Type.Object({ formerHours: Type.Integer({ minimum: 0, maximum: formerHoursMax }) }),
      bodyExample: { formerHours: 24 },
      responses: { 200: { description: 'The new key in plain text, only here', schema: issued } },
      refusals: [...refusals, 'invalid_fields'],
      sampleFaults: [{ field: 'formerHours', fault: 'out_of_range', min: 0, max: formerHoursMax }],
      handle: (call) => rotate(core, call),
    },
    {
      method: 'POST',
      path: '/keys/:keyId/end-former',
      operationId: 'endFormerKey',
      tag,
      summary: 'Refuse the key that the last rotation has replaced',
      access,
      params,
      responses: { 204: { description: 'It is refused from now on' } },
      refusals: [...refusals, 'wrong_state'],
      async handle(call) {
        await endOwnFormerKey(core, staffOf(call), idOf(call));
        return { status: 204 };
      },
    },
    {
      method: 'DELETE',
      path: '/keys/:keyId',
      operationId: 'revokeKey',
      tag,
      summary: 'Revoke an API key for good',
      access,
      params,
      responses: { 204: { description: 'It is refused from now on' } },
      refusals,
      async handle(call) {
        await revokeOwnKey(core, staffOf(call), idOf(call));
        return { status: 204 };
      },
    },
  ];
}

async function create(core: Core, call: Call): Promise<Answer> {
  const { name, role, expiresAt } = readMembers(call.body);
  const faults: FieldFault[] = [];
  const chosen = readChoice(role, keyRoles);
  if (!('value' in chosen)) faults.push({ field: 'role', fault: 'unlisted', choices: keyRoles });
  const end = readEnd(expiresAt ?? null, faults);
  const text = readName(name, faults);
  refuseFaults(faults);
  if (!('value' in chosen)) throw refuse('internal', {});
  const input = { name: text, role: chosen.value, expiresAt: end };
  const { key, apiKey } = await createOwnKey(core, staffOf(call), input);
  return { status: 201, body: await showIssued(core, call, key.id, apiKey) };
}

async function update(core: Core, call: Call): Promise<Answer> {
  const { name, expiresAt } = readMembers(call.body);
  const faults: FieldFault[] = [];
  const changes = {
    ...(name === undefined ? {} : { name: readName(name, faults) }),
    ...(expiresAt === undefined ? {} : { expiresAt: readEnd(expiresAt, faults) }),
  };
  refuseFaults(faults);
  const key = await updateOwnKey(core, staffOf(call), { keyId: idOf(call), ...changes });
  return { status: 200, body: presentKey(key, core.clock.now()) };
}

async function rotate(core: Core, call: Call): Promise<Answer> {
  const { formerHours } = readMembers(call.body);
  const input = {
    keyId: idOf(call),
    formerHours: typeof formerHours === 'number' ? formerHours : Number.NaN,
  };
  const { key, apiKey } = await rotateOwnKey(core, staffOf(call), input);
  return { status: 200, body: await showIssued(core, call, key.id, apiKey) };
}

/** The key as it is after the change, with its secret. */
async function showIssued(core: Core, call: Call, keyId: string, secret: string): Promise<IssuedKeyAnswer> {
  const key = (await listOwnKeys(core, staffOf(call))).find(({ id }) => id === keyId);
  if (key === undefined) throw refuse('not_found', { noun: 'api_key' });
  return { key: presentKey(key, core.clock.now()), secret };
}

/** The core reads what the name says; here it must be a text. A key of the console has a name. */
function readName(value: unknown, faults: FieldFault[]): string {
  if (typeof value === 'string') return value;
  faults.push({ field: 'name', fault: value === undefined || value === null ? 'blank' : 'invalid' });
  return '';
}

function readEnd(value: unknown, faults: FieldFault[]): number | null {
  if (value === null) return null;
  const end = typeof value === 'string' ? parseInstant(value) : null;
  if (end === null) faults.push({ field: 'expiresAt', fault: 'invalid' });
  return end;
}

function idOf({ params: { keyId = '' } }: Pick<Call, 'params'>): string {
  return keyId;
}

export function presentKey(key: KeyDossier, now: number): KeyItem {
  const { id, name, role, createdAt, expiresAt, revokedAt, usedAt, network, formerUntil, formerUsedAt } = key;
  const isFormerValid = formerUntil !== null && formerUntil > now;
  const isExpired = expiresAt !== null && expiresAt <= now;
  return {
    ...{ id, name, role, network },
    state: revokedAt === null ? (isExpired ? 'expired' : 'active') : 'revoked',
    createdAt: toMillisecondText(createdAt),
    expiresAt: timeOrNull(expiresAt),
    revokedAt: timeOrNull(revokedAt),
    usedAt: timeOrNull(usedAt),
    formerUntil: isFormerValid ? toMillisecondText(formerUntil) : null,
    formerUsedAt: timeOrNull(formerUsedAt),
  };
}

function timeOrNull(at: number | null): string | null {
  return at === null ? null : toMillisecondText(at);
}
