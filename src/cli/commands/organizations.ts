/** Organizations: creates the first one and further ones, lists and renames them. */
import { readConfig } from '../../config/config.ts';
import {
  createOrganization,
  getOrganization,
  initialise,
  type NewOrganization,
  pageOrganizations,
  renameOrganization,
} from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import { toMillisecondText } from '../../core/time.ts';
import { CommandError, type Outcome } from '../command.ts';
import { locationOf } from '../directory-location.ts';
import { counted, pairs, table } from '../layout.ts';
import { door, onAnyDirectory, onOrganizations } from '../operator.ts';

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

export const createOne = onAnyDirectory(
  async ({ core, recordIn }, invocation) => {
    const created = await createOrganization(core, door, invocation.get('name'));
    await recordIn([created.organization.key]);
    return present(created);
  },
  { concerns: 'found' },
);

const organizationsPerPage = 100;

export const list = onOrganizations(async ({ core, recordIn }, invocation) => {
  const page = {
    page: Number(invocation.find('page') ?? 1),
    size: Number(invocation.find('limit') ?? organizationsPerPage),
  };
  const { items, total } = await pageOrganizations(core, page);
  await recordIn(items.map(({ key }) => key));
  const organizations = items.map(({ id, name, createdAt }) => {
    return { id, name, createdAt: toMillisecondText(createdAt) };
  });
  return {
    json: { total, organizations },
    text: `${table(
      ['id', 'name', 'created'],
      organizations.map(({ id, name, createdAt }) => [id, name, createdAt]),
      total === 0 ? 'There are no organizations.' : 'There are no organizations on this page.',
    )}\n\n${counted(total, 'organization')} in all; page ${page.page}`,
  };
});

export const rename = onOrganizations(async ({ core, recordIn }, invocation) => {
  const input = { id: invocation.argument, name: invocation.get('name') };
  const { key } = await getOrganization(core, input.id);
  await recordIn([key]);
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
