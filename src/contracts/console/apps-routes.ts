/** Apps: name, sign-up, origins and brand, their secrets, and a trial of the Connect page. */

import { tryConnect } from '../../core/connect-page/try-connect.ts';
import type { Core } from '../../core/core.ts';
import { logoBytesMax } from '../../core/directory/app-brand.ts';
import type { AppInput } from '../../core/directory/app-changes.ts';
import type { App } from '../../core/directory/organization.ts';
import {
  createOwnApp,
  listOwnApps,
  rotateOwnAppSecret,
  updateOwnApp,
} from '../../core/directory/own-apps.ts';
import { readChoice } from '../../core/directory/user-fields.ts';
import { type FieldFault, refuse, refuseFaults } from '../../core/errors.ts';
import { toUserIdText } from '../../core/ids.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Answer, Call, Route } from '../../http/contract.ts';
import { readMembers } from '../../http/reading/members.ts';
import { instant, named, nullable, Type } from '../../http/shape.ts';
import type {
  AppItem,
  AppSecretAnswer,
  AppsAnswer,
  IssuedAppAnswer,
  TryConnectAnswer,
} from './shapes/keys.ts';
import { staffOf } from './staff-caller.ts';

const tag = 'Apps';
const access = 'console.keys.manage';
const secretKinds = ['app_key', 'client_secret'] as const;

const appItem = named(
  'AppItem',
  Type.Object({
    id: Type.String({ pattern: '^[0-9a-f]{40}$' }),
    name: Type.String(),
    isSignupOpen: Type.Boolean({ description: 'Whether people may sign up by themselves.' }),
    isOneAccount: Type.Boolean({
      description: "Whether a provider's account that is linked to one user is refused for others.",
    }),
    origins: Type.Array(Type.String(), { description: 'Whose pages may show the Connect page in a frame.' }),
    colour: nullable(Type.String({ pattern: '^#[0-9a-f]{6}$' })),
    logoPath: nullable(Type.String()),
    createdAt: instant('When it was created.'),
  }),
);

const secretText = Type.String({ description: 'In plain text, only here.' });
const params = Type.Object({
  appId: Type.String({
    description: 'The id of the app',
    examples: ['5f0c3a7e9d214b68a1c2d3e4f50617285f0c3a7e'],
  }),
});

export function appsRoutes(core: Core): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/apps',
      operationId: 'listApps',
      tag,
      summary: 'List apps and providers',
      description: 'Every app of the organization, oldest first, and the providers that people can connect.',
      access,
      responses: {
        200: {
          description: 'The apps',
          schema: named(
            'AppList',
            Type.Object({
              items: Type.Array(appItem),
              providers: Type.Array(Type.Object({ name: Type.String(), title: Type.String() })),
            }),
          ),
        },
      },
      handle: (call) => list(core, call),
    },
    {
      method: 'POST',
      path: '/apps',
      operationId: 'createApp',
      tag,
      summary: 'Create an app',
      access,
      body: Type.Object({ name: Type.String() }),
      bodyExample: { name: 'Walks' },
      responses: {
        201: {
          description: 'The app with its secrets',
          schema: Type.Object({ app: appItem, appKey: secretText, clientSecret: secretText }),
        },
      },
      refusals: ['invalid_fields', 'fresh_factor_required'],
      sampleFaults: [{ field: 'name', fault: 'blank' }],
      handle: (call) => create(core, call),
    },
    {
      method: 'PATCH',
      path: '/apps/:appId',
      operationId: 'updateApp',
      tag,
      summary: 'Change an app',
      description:
        'Name, sign-up, origins, colour and logo; what is absent stays. All but name, colour and logo need a fresh second factor.',
      access,
      params,
      body: Type.Object({
        name: Type.Optional(Type.String()),
        isSignupOpen: Type.Optional(Type.Boolean()),
        isOneAccount: Type.Optional(Type.Boolean()),
        origins: Type.Optional(Type.Array(Type.String())),
        colour: Type.Optional(nullable(Type.String())),
        logo: Type.Optional(
          nullable(Type.String({ description: 'A PNG, JPEG or WebP picture in Base64, at most 64 KiB.' })),
        ),
      }),
      bodyExample: { name: 'Walks', origins: ['https://app.example.com'] },
      responses: { 200: { description: 'The app', schema: appItem } },
      refusals: ['invalid_fields', 'app_not_found', 'fresh_factor_required'],
      sampleFaults: [{ field: 'name', fault: 'blank' }],
      handle: (call) => update(core, call),
    },
    {
      method: 'POST',
      path: '/apps/:appId/rotate',
      operationId: 'rotateAppSecret',
      tag,
      summary: 'Replace the key or the client secret of an app',
      description:
        'The present one is refused at once. The key is for owners: it deletes the people of the app.',
      access,
      params,
      body: Type.Object({ secret: Type.Enum(secretKinds) }),
      bodyExample: { secret: 'client_secret' },
      responses: {
        200: { description: 'The new secret', schema: Type.Object({ app: appItem, secret: secretText }) },
      },
      refusals: ['invalid_fields', 'app_not_found', 'fresh_factor_required'],
      sampleFaults: [{ field: 'secret', fault: 'unlisted', choices: secretKinds }],
      handle: (call) => rotate(core, call),
    },
    {
      method: 'POST',
      path: '/apps/:appId/try-connect',
      operationId: 'tryConnect',
      tag,
      summary: 'Open the Connect page for a trial person',
      description: 'The app has one trial person, a user whom no message reaches.',
      access,
      params,
      responses: {
        200: {
          description: 'The page, which is open for an hour',
          schema: Type.Object({
            path: Type.String(),
            userId: Type.String({ pattern: '^usr_[0-9a-f]{32}$' }),
            expiresInSeconds: Type.Integer({ minimum: 1 }),
          }),
        },
      },
      refusals: ['app_not_found', 'wrong_state'],
      async handle(call) {
        const trial = await tryConnect(core, staffOf(call), { appId: idOf(call) });
        const body: TryConnectAnswer = {
          path: `/connect?token=${encodeURIComponent(trial.sessionToken)}`,
          userId: toUserIdText(trial.userId),
          expiresInSeconds: trial.expiresInSeconds,
        };
        return { status: 200, body };
      },
    },
  ];
}

async function list(core: Core, call: Call): Promise<Answer> {
  const apps = await listOwnApps(core, staffOf(call));
  const providers = core.providers.list().map(({ name, title }) => ({ name, title }));
  const body: AppsAnswer = { items: apps.map(presentApp), providers };
  return { status: 200, body };
}

async function create(core: Core, call: Call): Promise<Answer> {
  const { name } = readMembers(call.body);
  refuseFaults(typeof name === 'string' ? [] : [nameFault(name)]);
  const { app, appKey, clientSecret } = await createOwnApp(core, staffOf(call), { name: String(name) });
  const body: IssuedAppAnswer = { app: presentApp(app), appKey, clientSecret };
  return { status: 201, body };
}

async function update(core: Core, call: Call): Promise<Answer> {
  const input = readAppBody(readMembers(call.body));
  const app = await updateOwnApp(core, staffOf(call), { appId: idOf(call), ...input });
  return { status: 200, body: presentApp(app) };
}

async function rotate(core: Core, call: Call): Promise<Answer> {
  const read = readChoice(readMembers(call.body)['secret'], secretKinds);
  refuseFaults('value' in read ? [] : [{ field: 'secret', fault: 'unlisted', choices: secretKinds }]);
  if (!('value' in read)) throw refuse('internal', {});
  const input = { appId: idOf(call), secret: read.value };
  const { app, secret } = await rotateOwnAppSecret(core, staffOf(call), input);
  const body: AppSecretAnswer = { app: presentApp(app), secret };
  return { status: 200, body };
}

/** The members that were given, of the right types; the core reads what they say. */
function readAppBody(body: Readonly<Record<string, unknown>>): AppInput {
  const faults: FieldFault[] = [];
  const given: { -readonly [K in keyof AppInput]: AppInput[K] } = {};
  const { name, isSignupOpen, isOneAccount, origins, colour, logo } = body;
  if (typeof name === 'string') given.name = name;
  else if (name !== undefined) faults.push(nameFault(name));
  if (typeof isSignupOpen === 'boolean') given.isSignupOpen = isSignupOpen;
  else if (isSignupOpen !== undefined) faults.push({ field: 'isSignupOpen', fault: 'invalid' });
  if (typeof isOneAccount === 'boolean') given.isOneAccount = isOneAccount;
  else if (isOneAccount !== undefined) faults.push({ field: 'isOneAccount', fault: 'invalid' });
  if (isTextList(origins)) given.origins = origins;
  else if (origins !== undefined) faults.push({ field: 'origins', fault: 'invalid' });
  if (colour === null || typeof colour === 'string') given.colour = colour;
  else if (colour !== undefined) faults.push({ field: 'colour', fault: 'invalid' });
  if (logo === null) given.logo = null;
  else if (logo !== undefined) {
    const bytes = readBase64(logo);
    if (bytes === null) faults.push({ field: 'logo', fault: 'invalid' });
    else given.logo = bytes;
  }
  refuseFaults(faults);
  return given;
}

/** Three bytes are four characters; a longer text is refused as too long by the core, whatever it is. */
const logoCharactersMax = Math.ceil((logoBytesMax + 3) / 3) * 4;

function readBase64(value: unknown): Uint8Array | null {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return null;
  return Buffer.from(value.slice(0, logoCharactersMax), 'base64');
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function nameFault(name: unknown): FieldFault {
  return { field: 'name', fault: name === undefined || name === null ? 'blank' : 'invalid' };
}

function idOf({ params: { appId = '' } }: Pick<Call, 'params'>): string {
  return appId;
}

function presentApp({ id, logoDigest, createdAt, ...app }: App): AppItem {
  const { name, isSignupOpen, isOneAccount, origins, colour } = app;
  return {
    ...{ id, name, isSignupOpen, isOneAccount, origins, colour },
    logoPath: logoDigest === null ? null : `/connect/logos/${id}/${logoDigest}`,
    createdAt: toMillisecondText(createdAt),
  };
}
