/** Sign-in in two steps, and the fresh factor of a session. The cookie of the first step is good for the second alone. */
import type { Core } from '../../core/core.ts';
import { refuse } from '../../core/errors.ts';
import {
  beginPasskey,
  type FactorCall,
  type FactorTaken,
  givePasskey,
  giveRecoveryCode,
  giveTotp,
} from '../../core/staff/second-factor.ts';
import { signStaffIn } from '../../core/staff/sign-in.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { named, Type } from '../../http/shape.ts';
import { readSessionToken, sessionCookie } from './session-cookie.ts';
import type { FactorAnswer, SignInAnswer } from './shapes/sign-in.ts';
import {
  anyObject,
  codeExample,
  codeRequest,
  factorTaken,
  passkeyOptions,
  passkeyRequest,
} from './sign-in-schemas.ts';
import { siteOf } from './site.ts';

const credentials = named(
  'Credentials',
  Type.Object({
    email: Type.String({ format: 'email' }),
    password: Type.String({ minLength: 1 }),
    organization: Type.Optional(
      Type.String({ description: 'The id of an organization, for an address that works for several.' }),
    ),
  }),
);

const firstStep = named(
  'FirstStep',
  Type.Object({
    next: Type.Enum(['totp', 'passkey', 'enrol'], {
      description: '`enrol` where the account has no second factor yet.',
    }),
    factors: Type.Array(Type.Enum(['totp', 'passkey', 'recovery'])),
  }),
);

const freshFactor = named(
  'FreshFactor',
  Type.Object({
    totp: Type.Optional(Type.String({ description: 'A code of the app for codes.' })),
    passkey: Type.Optional(anyObject('What the browser answers to the options for a passkey.')),
  }),
);

const tag = 'Sign-in';
const step = { access: 'public', networkThrottle: 'session', tag, method: 'POST' } as const;
const open = { access: 'credential', tag, method: 'POST' } as const;
const refusals = ['unauthorized', 'invalid_fields', 'invalid_code'] as const;
const responses = { 200: { description: 'The factor was taken', schema: factorTaken } };

export function signInRoutes(core: Core): readonly Route[] {
  return [
    {
      ...{ ...step, path: '/sign-in', operationId: 'signIn', summary: 'Give email and password' },
      ...{ body: credentials, bodyExample: { email: 'jo@example.com', password: 'a-quiet-harbour-41' } },
      responses: { 200: { description: 'The second step', schema: firstStep } },
      refusals: ['invalid_fields', 'invalid_credentials', 'invalid_token'],
      sampleFaults: [{ field: 'email', fault: 'blank' }],
      handle: (call) => signIn(core, call),
    },
    {
      ...{ ...step, path: '/sign-in/totp', operationId: 'giveTotp', summary: 'Give a code of the app' },
      ...{ body: codeRequest, bodyExample: codeExample, responses, refusals },
      async handle(call) {
        const code = codeOf(call);
        return taken(core, await giveTotp(core, factorCall(core, call), code));
      },
    },
    {
      ...{ ...step, path: '/sign-in/recovery', operationId: 'giveRecoveryCode' },
      summary: 'Give a recovery code',
      ...{ body: codeRequest, bodyExample: { code: '8k3d-xw2p-9fgh-q4rt' }, responses, refusals },
      async handle(call) {
        const code = codeOf(call);
        return taken(core, await giveRecoveryCode(core, factorCall(core, call), code));
      },
    },
    {
      ...{ ...step, path: '/sign-in/passkey/options', operationId: 'beginPasskey' },
      summary: 'Ask for a passkey',
      responses: { 200: { description: 'Options for the browser', schema: passkeyOptions } },
      refusals: ['unauthorized', 'passkey_not_found'],
      handle: async (call) => ({
        status: 200,
        body: await beginPasskey(core, factorCall(core, call), siteOf(core)),
      }),
    },
    {
      ...{ ...step, path: '/sign-in/passkey', operationId: 'givePasskey', summary: 'Give a passkey' },
      ...{ body: passkeyRequest, bodyExample: { response: { id: 'AAAA' } }, responses, refusals },
      handle: async (call) => {
        const input = { site: siteOf(core), response: readMembers(call.body)['response'] };
        return taken(core, await givePasskey(core, factorCall(core, call), input));
      },
    },
    {
      ...{ ...open, path: '/fresh/passkey/options', operationId: 'beginFreshPasskey' },
      summary: 'Ask for a passkey in a session',
      responses: { 200: { description: 'Options for the browser', schema: passkeyOptions } },
      refusals: ['passkey_not_found'],
      handle: async (call) => ({
        status: 200,
        body: await beginPasskey(core, factorCall(core, call, true), siteOf(core)),
      }),
    },
    {
      ...{ ...open, path: '/fresh', operationId: 'giveFreshFactor' },
      summary: 'Give a second factor again',
      ...{ body: freshFactor, bodyExample: { totp: '123456' }, responses },
      refusals: ['invalid_fields', 'invalid_code'],
      handle: (call) => giveFresh(core, call),
    },
  ];
}

async function signIn(core: Core, call: Call): Promise<Answer> {
  const { email, password, organization } = readMembers(call.body);
  const { arrival } = call;
  const { token, factors } = await signStaffIn(core, call.door, { email, password, organization, arrival });
  const [first = 'enrol'] = factors;
  const body: SignInAnswer = { next: first === 'recovery' ? 'totp' : first, factors };
  return { status: 200, headers: { 'set-cookie': sessionCookie(core, token) }, body };
}

async function giveFresh(core: Core, call: Call): Promise<Answer> {
  const body = readMembers(call.body);
  const given = factorCall(core, call, true);
  if (body['passkey'] !== undefined) {
    return taken(core, await givePasskey(core, given, { site: siteOf(core), response: body['passkey'] }));
  }
  if (body['totp'] === undefined) {
    throw refuse('invalid_fields', { faults: [{ field: 'totp', fault: 'blank' }] });
  }
  return taken(core, await giveTotp(core, given, body['totp']));
}

function factorCall(core: Core, call: Call, isFresh = false): FactorCall {
  const { door, arrival } = call;
  return { door, arrival, token: readSessionToken(core, call), isFresh };
}

function codeOf(call: Call): unknown {
  return readMembers(call.body)['code'];
}

function taken(core: Core, { token, freshUntil }: FactorTaken): Answer {
  const body: FactorAnswer = { freshUntil: toMillisecondText(freshUntil) };
  return {
    ...{ status: 200, body },
    headers: token === null ? {} : { 'set-cookie': sessionCookie(core, token) },
  };
}
