/** API keys. Lists never show a key. */
import type { ApiKey } from '../../core/access/api-key.ts';
import {
  createApiKey,
  type IssuedApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '../../core/access/api-key-lifecycle.ts';
import { keyRoles } from '../../core/access/principal.ts';
import { getOrganization } from '../../core/directory/organization-lifecycle.ts';
import { dayMs, toMillisecondText } from '../../core/time.ts';
import type { Outcome } from '../command.ts';
import { pairs, table, timeOrNull } from '../layout.ts';
import { choiceOf, door, findOrganization, onDirectory, readOrganizationLabels } from '../operator.ts';

export const create = onDirectory(async ({ core }, invocation) => {
  const organization = await getOrganization(core, invocation.get('org'));
  const role = choiceOf(invocation, 'role', keyRoles) ?? 'reader';
  const days = invocation.find('expires');
  const expiresAt = days === undefined ? null : core.clock.now() + Number(days) * dayMs;
  return presentIssued(await createApiKey(core, door, { organization, role, expiresAt }));
});

export const list = onDirectory(async (directory, invocation) => {
  const only = await findOrganization(directory, invocation);
  const labelOf = await readOrganizationLabels(directory);
  const keys = (await listApiKeys(directory.core)).filter((key) => only === null || key.orgKey === only.key);
  return {
    json: keys.map((key) => {
      return { id: key.id, organization: labelOf(key.orgKey), role: key.role, ...timesOf(key) };
    }),
    text: table(
      ['id', 'organization', 'role', 'created', 'expires', 'revoked'],
      keys.map((key) => {
        const { createdAt, expiresAt, revokedAt } = timesOf(key);
        const name = labelOf(key.orgKey).name ?? '-';
        return [key.id, name, key.role, createdAt, expiresAt ?? '-', revokedAt ?? '-'];
      }),
      'There are no keys.',
    ),
  };
});

export const rotate = onDirectory(async ({ core }, { argument }) => {
  return presentIssued(await rotateApiKey(core, door, argument));
});

export const revoke = onDirectory(async ({ core }, { argument }) => {
  const { id } = await revokeApiKey(core, door, argument);
  return { json: { id, revoked: true }, text: `${id} is revoked.` };
});

function presentIssued({ key, apiKey }: IssuedApiKey): Outcome {
  const { id, role } = key;
  return {
    json: { id, role, apiKey },
    text: pairs([
      ['Id', id],
      ['Role', role],
      ['API key', apiKey],
    ]),
  };
}

function timesOf({ createdAt, expiresAt, revokedAt }: ApiKey) {
  return {
    createdAt: toMillisecondText(createdAt),
    expiresAt: timeOrNull(expiresAt),
    revokedAt: timeOrNull(revokedAt),
  };
}
