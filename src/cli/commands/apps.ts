/** Apps and their keys. Lists never show what opens anything. */
import {
  createApp,
  getOrganization,
  type IssuedApp,
  listApps,
  rotateAppKey,
  setAppSignup,
} from '../../core/directory/organization-lifecycle.ts';
import { toMillisecondText } from '../../core/time.ts';
import type { Outcome } from '../command.ts';
import { pairs, table } from '../layout.ts';
import { door, findOrganization, onDirectory, organizationsByKey } from '../operator.ts';

export const create = onDirectory(async ({ core }, invocation) => {
  const organization = await getOrganization(core, invocation.get('org'));
  return presentIssued(await createApp(core, door, { organization, name: invocation.get('name') }));
});

export const list = onDirectory(async (directory, invocation) => {
  const only = await findOrganization(directory, invocation);
  const organizations = await organizationsByKey(directory);
  const apps = (await listApps(directory.core)).filter((app) => only === null || app.orgKey === only.key);
  return {
    json: apps.map((app) => {
      const { id, name } = organizations.get(app.orgKey) ?? { id: null, name: null };
      return {
        appId: app.id,
        name: app.name,
        organization: { id, name },
        signup: signupOf(app),
        createdAt: toMillisecondText(app.createdAt),
      };
    }),
    text: table(
      ['id', 'name', 'organization', 'sign-up', 'created'],
      apps.map((app) => {
        const organization = organizations.get(app.orgKey)?.name ?? '-';
        return [app.id, app.name, organization, signupOf(app), toMillisecondText(app.createdAt)];
      }),
      'There are no apps.',
    ),
  };
});

export const rotate = onDirectory(async ({ core }, { argument }) => {
  return presentIssued(await rotateAppKey(core, door, argument));
});

export const set = onDirectory(async ({ core }, invocation) => {
  const isOpen = invocation.get('signup') === 'open';
  const app = await setAppSignup(core, door, { appId: invocation.argument, isOpen });
  return {
    json: { appId: app.id, signup: signupOf(app) },
    text: `Sign-up in ${app.id} is ${signupOf(app)}.`,
  };
});

function presentIssued({ app, appKey }: IssuedApp): Outcome {
  return {
    json: { appId: app.id, appKey },
    text: pairs([
      ['App', app.id],
      ['App key', appKey],
    ]),
  };
}

function signupOf(app: { readonly isSignupOpen: boolean }): 'open' | 'closed' {
  return app.isSignupOpen ? 'open' : 'closed';
}
