/**
 * How a staff account gets its password and factors. `/enrol` uses a one-time link. The routes below `/factors` take the session
 * that it starts, or an open one whose second factor is fresh.
 */
import type { Core } from '../../core/core.ts';
import {
  addPasskey,
  beginNewPasskey,
  beginTotp,
  confirmTotp,
  enrolStaff,
  type FactorAdded,
  readFactors,
  removeFactor,
  replaceRecoveryCodes,
  type SetUpCall,
} from '../../core/staff/enrolment.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import { readSessionToken, sessionCookie } from './session-cookie.ts';
import type {
  EnrolAnswer,
  FactorAddedAnswer,
  FactorsAnswer,
  NewTotpAnswer,
  RecoveryCodesAnswer,
} from './shapes/sign-in.ts';
import { anyObject, codeExample, codeRequest, passkeyOptions } from './sign-in-schemas.ts';
import { siteOf } from './site.ts';
import { staffOf } from './staff-caller.ts';

const enrolment = named(
  'Enrolment',
  Type.Object({
    token: Type.String({ minLength: 1, description: 'What stands behind `#` in the link.' }),
    password: Type.String({ minLength: 1 }),
  }),
);
const enrolling = named(
  'Enrolling',
  Type.Object({
    next: Type.Enum(['enrol']),
    staff: Type.Object({ email: Type.String(), name: Type.String(), role: Type.String() }),
  }),
);
const newTotp = named('NewTotp', Type.Object({ secret: Type.String(), address: Type.String() }));
const codes = Type.Array(Type.String(), { description: 'Shown now and never again.' });
const added = named('FactorAdded', Type.Object({ recoveryCodes: nullable(codes) }));
const replaced = named('RecoveryCodes', Type.Object({ recoveryCodes: codes }));
const newPasskey = named(
  'NewPasskey',
  Type.Object({
    response: anyObject('What the browser answers to the options.'),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  }),
);
const factors = named(
  'Factors',
  Type.Object({
    hasTotp: Type.Boolean(),
    passkeys: Type.Array(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        isSynced: Type.Boolean({ description: 'Whether the devices of its owner share it.' }),
        createdAt: instant('When it was made.'),
        usedAt: nullable(instant('When it was used last.')),
      }),
    ),
    recoveryCodesLeft: Type.Integer({ minimum: 0 }),
  }),
);
const passkeyParams = Type.Object({ passkeyId: Type.String({ description: 'The id of the passkey.' }) });

const tag = 'Factors';
/** The caller may have a session that only enrols, which is no principal. */
const setUp = { access: 'public', networkThrottle: 'session', method: 'POST', tag } as const;
const own = { access: 'credential', tag } as const;

export function factorRoutes(core: Core): readonly Route[] {
  return [
    {
      ...{ ...setUp, path: '/enrol', operationId: 'enrol', summary: 'Use a one-time link' },
      ...{ body: enrolment, bodyExample: { token: 'sl_1_AAAA', password: 'a-quiet-harbour-41' } },
      responses: { 200: { description: 'A factor is to be set up', schema: enrolling } },
      refusals: ['invalid_fields', 'invalid_token'],
      sampleFaults: [{ field: 'password', fault: 'too_short', min: 12 }],
      handle: (call) => enrol(core, call),
    },
    {
      ...{ ...own, method: 'GET', path: '/factors', operationId: 'getFactors' },
      summary: 'The own factors',
      responses: { 200: { description: 'The factors', schema: factors } },
      handle: (call) => read(core, call),
    },
    {
      ...{ ...setUp, path: '/factors/totp', operationId: 'beginTotp' },
      summary: 'Begin with an app for codes',
      responses: { 200: { description: 'The secret', schema: newTotp } },
      refusals: ['unauthorized', 'fresh_factor_required'],
      async handle(call) {
        const body: NewTotpAnswer = await beginTotp(core, setUpCall(core, call));
        return { status: 200, body };
      },
    },
    {
      ...{ ...setUp, path: '/factors/totp/confirm', operationId: 'confirmTotp' },
      ...{ summary: 'Confirm the app by a code', body: codeRequest, bodyExample: codeExample },
      responses: { 200: { description: 'The app is a factor', schema: added } },
      refusals: ['unauthorized', 'fresh_factor_required', 'invalid_fields', 'invalid_code', 'wrong_state'],
      async handle(call) {
        const { code } = readMembers(call.body);
        return addedAnswer(core, await confirmTotp(core, setUpCall(core, call), code));
      },
    },
    {
      ...{ ...own, method: 'DELETE', path: '/factors/totp', operationId: 'removeTotp' },
      summary: 'Remove the app for codes',
      responses: { 204: { description: 'Removed' } },
      refusals: ['fresh_factor_required', 'passkey_not_found', 'wrong_state'],
      async handle(call) {
        await removeFactor(core, setUpCall(core, call), { passkeyId: null });
        return { status: 204 };
      },
    },
    {
      ...{ ...setUp, path: '/factors/passkey/options', operationId: 'beginNewPasskey' },
      summary: 'Begin with a passkey',
      responses: { 200: { description: 'Options for the browser', schema: passkeyOptions } },
      refusals: ['unauthorized', 'fresh_factor_required'],
      handle: async (call) => ({
        status: 200,
        body: await beginNewPasskey(core, setUpCall(core, call), siteOf(core)),
      }),
    },
    {
      ...{ ...setUp, path: '/factors/passkey', operationId: 'addPasskey', summary: 'Add a passkey' },
      ...{ body: newPasskey, bodyExample: { response: { id: 'AAAA' }, name: 'Laptop' } },
      responses: { 200: { description: 'The passkey is a factor', schema: added } },
      refusals: ['unauthorized', 'fresh_factor_required', 'invalid_fields', 'invalid_code'],
      async handle(call) {
        const { response, name } = readMembers(call.body);
        const input = { site: siteOf(core), response, name };
        return addedAnswer(core, await addPasskey(core, setUpCall(core, call), input));
      },
    },
    {
      ...{ ...own, method: 'DELETE', path: '/factors/passkey/:passkeyId', operationId: 'removePasskey' },
      ...{ summary: 'Remove a passkey', params: passkeyParams },
      responses: { 204: { description: 'Removed' } },
      refusals: ['fresh_factor_required', 'passkey_not_found', 'wrong_state'],
      async handle(call) {
        const { passkeyId = '' } = call.params;
        await removeFactor(core, setUpCall(core, call), { passkeyId });
        return { status: 204 };
      },
    },
    {
      ...{ ...own, method: 'POST', path: '/factors/recovery-codes', operationId: 'replaceRecoveryCodes' },
      summary: 'Replace the recovery codes',
      responses: { 200: { description: 'The new codes', schema: replaced } },
      refusals: ['fresh_factor_required'],
      async handle(call) {
        const recoveryCodes = await replaceRecoveryCodes(core, setUpCall(core, call));
        const body: RecoveryCodesAnswer = { recoveryCodes };
        return { status: 200, body };
      },
    },
  ];
}

async function enrol(core: Core, call: Call): Promise<Answer> {
  const { token: link, password } = readMembers(call.body);
  const { token, account } = await enrolStaff(core, call.door, { link, password, arrival: call.arrival });
  const { email, name, role } = account;
  const body: EnrolAnswer = { next: 'enrol', staff: { email, name, role } };
  return { status: 200, headers: { 'set-cookie': sessionCookie(core, token) }, body };
}

async function read(core: Core, call: Call): Promise<Answer> {
  const { orgKey, staffId } = staffOf(call);
  const { hasTotp, passkeys, recoveryCodesLeft } = await readFactors(core, orgKey, staffId);
  const body: FactorsAnswer = {
    ...{ hasTotp, recoveryCodesLeft },
    passkeys: passkeys.map(({ id, name, isSynced, createdAt, usedAt }) => ({
      ...{ id, name, isSynced },
      createdAt: toMillisecondText(createdAt),
      usedAt: usedAt === null ? null : toMillisecondText(usedAt),
    })),
  };
  return { status: 200, body };
}

function setUpCall(core: Core, call: Call): SetUpCall {
  return { door: call.door, token: readSessionToken(core, call), network: call.network };
}

function addedAnswer(core: Core, { recoveryCodes, token }: FactorAdded): Answer {
  const body: FactorAddedAnswer = { recoveryCodes };
  return {
    ...{ status: 200, body },
    headers: token === null ? {} : { 'set-cookie': sessionCookie(core, token) },
  };
}
