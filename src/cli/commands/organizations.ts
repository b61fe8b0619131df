/** Organizations: creates the first one and further ones, lists and renames them. */
import { readConfig } from '../../config/config.ts';
import {
  createOrganization,
  initialise,
  listOrganizations,
  type NewOrganization,
  renameOrganization,
} from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Outcome } from '../command.ts';
import { locationOf } from '../directory-location.ts';
import { pairs, table } from '../layout.ts';
import { door, onAnyDirectory, onDirectory } from '../operator.ts';

/** The name of the first organization, unless one is given. */
export const defaultName = 'Default';

export const init = onAnyDirectory(async ({ core, config }, invocation) => {
  try {
    return present(await initialise(core, door, invocation.find('name') ?? defaultName));
  } catch (error) {
    if (!isRefusal(error, 'wrong_state')) throw error;
    const { at } = locationOf(config, readConfig(invocation.env).secrets);
    throw new CommandError(`${at} is initialised: \`roster org create\` creates further organizations`);
  }
});

export const createOne = onAnyDirectory(async ({ core }, invocation) => {
  return present(await createOrganization(core, door, invocation.get('name')));
});

export const list = onDirectory(async ({ core }) => {
  const organizations = await listOrganizations(core);
  return {
    json: organizations.map(({ id, name, createdAt }) => {
      return { id, name, createdAt: toMillisecondText(createdAt) };
    }),
    text: table(
      ['id', 'name', 'created'],
      organizations.map(({ id, name, createdAt }) => [id, name, toMillisecondText(createdAt)]),
      'There are no organizations.',
    ),
  };
});

export const rename = onDirectory(async ({ core }, invocation) => {
  const input = { id: invocation.argument, name: invocation.get('name') };
  const { id, name } = await renameOrganization(core, door, input);
  return { json: { id, name }, text: pairs([['Organization', `${id}  ${name}`]]) };
});

/** A new organization with its keys in plain text, as JSON for programs. */
export function toJson({ organization, app, appKey, clientSecret, apiKey }: NewOrganization) {
  return {
    organization: { id: organization.id, name: organization.name },
    app: { appId: app.id, appKey, clientSecret },
    apiKey,
  };
}

function present(created: NewOrganization): Outcome {
  const { organization, app, appKey, clientSecret, apiKey } = created;
  return {
    json: toJson(created),
    text: pairs([
      ['Organization', `${organization.id}  ${organization.name}`],
      ['App', app.id],
      ['App key', appKey],
      ['Client secret', clientSecret],
      ['API key', apiKey],
    ]),
  };
}
