/** Apps, their keys and their settings. Lists never show a key or a secret. */
import { logoBytesMax } from '../../core/directory/app-brand.ts';
import type { IssuedApp } from '../../core/directory/app-changes.ts';
import {
  brandApp,
  createApp,
  getOrganization,
  listApps,
  renameApp,
  rotateAppKey,
  rotateClientSecret,
  updateApp,
} from '../../core/directory/organization-lifecycle.ts';
import { toMillisecondText } from '../../core/time.ts';
import { type Invocation, type Outcome, UsageError } from '../command.ts';
import { pairs, table } from '../layout.ts';
import {
  door,
  findOrganization,
  type OperatorDirectory,
  onDirectory,
  onOrganizations,
  readOrganizationLabels,
  recordInItsOrganization,
} from '../operator.ts';
import { readBinaryFile } from '../text-file.ts';

export const create = onDirectory(async ({ core }, invocation) => {
  const organization = await getOrganization(core, invocation.get('org'));
  return presentIssued(await createApp(core, door, { organization, name: invocation.get('name') }));
});

export const list = onOrganizations(async (directory, invocation) => {
  const only = await findOrganization(directory, invocation);
  const apps = await listApps(directory.core, only);
  const labelOf = await readOrganizationLabels(directory, apps);
  return {
    json: apps.map((app) => ({
      appId: app.id,
      name: app.name,
      organization: labelOf(app.orgKey),
      signup: signupOf(app),
      oneAccount: app.isOneAccount,
      origins: app.origins,
      createdAt: toMillisecondText(app.createdAt),
    })),
    text: table(
      ['id', 'name', 'organization', 'sign-up', 'created'],
      apps.map((app) => {
        const organization = labelOf(app.orgKey).name ?? '-';
        return [app.id, app.name, organization, signupOf(app), toMillisecondText(app.createdAt)];
      }),
      'There are no apps.',
    ),
  };
});

export const rename = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const input = { appId: invocation.argument, name: invocation.get('name') };
  await recordOfApp(directory, invocation);
  const { id, name } = await renameApp(core, door, input);
  return { json: { appId: id, name }, text: pairs([['App', `${id}  ${name}`]]) };
});

export const brand = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const colour = invocation.find('colour');
  const logo = invocation.find('logo');
  if (colour === undefined && logo === undefined) {
    throw new UsageError('nothing to change: give --colour or --logo', 'app brand');
  }
  await recordOfApp(directory, invocation);
  const app = await brandApp(core, door, {
    appId: invocation.argument,
    ...(colour === undefined ? {} : { colour: colour === 'none' ? null : colour }),
    ...(logo === undefined
      ? {}
      : { logo: logo === 'none' ? null : await readBinaryFile(logo, logoBytesMax) }),
  });
  const hasLogo = app.logoDigest !== null;
  return {
    json: { appId: app.id, colour: app.colour, hasLogo },
    text: pairs([
      ['App', app.id],
      ['Colour', app.colour ?? 'none'],
      ['Logo', hasLogo ? 'yes' : 'none'],
    ]),
  };
});

export const rotate = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const { argument } = invocation;
  await recordOfApp(directory, invocation);
  return invocation.find('client-secret') === undefined
    ? presentIssued(await rotateAppKey(core, door, argument))
    : presentIssued(await rotateClientSecret(core, door, argument));
});

export const set = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const signup = invocation.find('signup');
  const origins = invocation.find('origins');
  const oneAccount = invocation.find('one-account');
  if (signup === undefined && origins === undefined && oneAccount === undefined) {
    throw new UsageError('nothing to change: give --signup, --one-account or --origins', 'app set');
  }
  await recordOfApp(directory, invocation);
  const app = await updateApp(core, door, {
    appId: invocation.argument,
    ...(signup === undefined ? {} : { isSignupOpen: signup === 'open' }),
    ...(oneAccount === undefined ? {} : { isOneAccount: oneAccount === 'on' }),
    ...(origins === undefined ? {} : { origins: readList(origins) }),
  });
  return {
    json: { appId: app.id, signup: signupOf(app), oneAccount: app.isOneAccount, origins: app.origins },
    text: pairs([
      ['App', app.id],
      ['Sign-up', signupOf(app)],
      ['One account', app.isOneAccount ? 'on' : 'off'],
      ['Origins', app.origins.length === 0 ? 'none' : app.origins.join(', ')],
    ]),
  };
});

/** The app with its new key, its new client secret, or both, in plain text. */
function presentIssued({ app, appKey, clientSecret }: Pick<IssuedApp, 'app'> & Partial<IssuedApp>): Outcome {
  return {
    json: { appId: app.id, appKey, clientSecret },
    text: pairs([
      ['App', app.id],
      ...(appKey === undefined ? [] : [['App key', appKey] as const]),
      ...(clientSecret === undefined ? [] : [['Client secret', clientSecret] as const]),
    ]),
  };
}

function readList(text: string): readonly string[] {
  return text === 'none' ? [] : text.split(',').map((each) => each.trim());
}

function signupOf(app: { readonly isSignupOpen: boolean }): 'open' | 'closed' {
  return app.isSignupOpen ? 'open' : 'closed';
}

/** Records the command in the organization of the app that its argument names. */
function recordOfApp(directory: OperatorDirectory, { argument }: Invocation): Promise<void> {
  return recordInItsOrganization(directory, (system) => system.apps.find(argument));
}
