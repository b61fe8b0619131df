/** API keys. Lists never show a key. */

import { keyRoles } from '../../core/access/principal.ts';
import type { Core } from '../../core/core.ts';
import { getOrganization } from '../../core/directory/organization-lifecycle.ts';
import { isRefusal } from '../../core/errors.ts';
import type { KeyDossier } from '../../core/keys/api-key.ts';
import {
  createApiKey,
  type IssuedApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  updateApiKey,
} from '../../core/keys/api-key-lifecycle.ts';
import { dayMs, toMillisecondText } from '../../core/time.ts';
import { CommandError, type Invocation, type Outcome, UsageError } from '../command.ts';
import { pairs, table, timeOrNull } from '../layout.ts';
import {
  choiceOf,
  door,
  findOrganization,
  type OperatorDirectory,
  onDirectory,
  onOrganizations,
  readOrganizationLabels,
  recordInItsOrganization,
} from '../operator.ts';

export const create = onDirectory(async ({ core }, invocation) => {
  const organization = await getOrganization(core, invocation.get('org'));
  const role = choiceOf(invocation, 'role', keyRoles) ?? 'reader';
  const expiresAt = endOf(core, invocation) ?? null;
  const name = invocation.find('name') ?? null;
  return presentIssued(await createApiKey(core, door, { organization, name, role, expiresAt }));
});

export const list = onOrganizations(async (directory, invocation) => {
  const only = await findOrganization(directory, invocation);
  const keys = await listApiKeys(directory.core, only);
  const labelOf = await readOrganizationLabels(directory, keys);
  return {
    json: keys.map((key) => {
      const { id, name, role } = key;
      return { id, name, organization: labelOf(key.orgKey), role, ...timesOf(key) };
    }),
    text: table(
      ['id', 'name', 'organization', 'role', 'created', 'used', 'from', 'expires', 'revoked'],
      keys.map((key) => {
        const { createdAt, usedAt, network, expiresAt, revokedAt } = timesOf(key);
        const of = labelOf(key.orgKey).name ?? '-';
        const use = [usedAt ?? '-', network ?? '-'];
        return [key.id, key.name ?? '-', of, key.role, createdAt, ...use, expiresAt ?? '-', revokedAt ?? '-'];
      }),
      'There are no keys.',
    ),
  };
});

export const set = onOrganizations(async (directory, invocation) => {
  const { core } = directory;
  const name = invocation.find('name');
  const isEndless = invocation.find('no-end') !== undefined;
  const expiresAt = isEndless ? null : endOf(core, invocation);
  const endsFormer = invocation.find('end-former') !== undefined;
  if (name === undefined && expiresAt === undefined && !endsFormer) {
    throw new UsageError('nothing to change: give --name, --expires, --no-end or --end-former', 'key set');
  }
  await recordOfKey(directory, invocation);
  const key = await updateKey(core, {
    keyId: invocation.argument,
    endsFormer,
    ...(name === undefined ? {} : { name }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const { expiresAt: end } = timesOf(key);
  return {
    json: { id: key.id, name: key.name, expiresAt: end, ...(endsFormer ? { formerEnded: true } : {}) },
    text: pairs([
      ['Id', key.id],
      ['Name', key.name ?? '-'],
      ['Expires', end ?? 'never'],
      ...(endsFormer ? [['Former key', 'refused from now on'] as const] : []),
    ]),
  };
});

async function updateKey(core: Core, input: Parameters<typeof updateApiKey>[2]): Promise<KeyDossier> {
  try {
    return await updateApiKey(core, door, input);
  } catch (error) {
    if (!isRefusal(error, 'wrong_state')) throw error;
    throw new CommandError('no former key is left: a rotation leaves one with --keep-hours');
  }
}

export const rotate = onOrganizations(async (directory, invocation) => {
  const formerHours = Number(invocation.find('keep-hours') ?? 0);
  await recordOfKey(directory, invocation);
  return presentIssued(await rotateApiKey(directory.core, door, invocation.argument, formerHours));
});

export const revoke = onOrganizations(async (directory, invocation) => {
  await recordOfKey(directory, invocation);
  const { id } = await revokeApiKey(directory.core, door, invocation.argument);
  return { json: { id, revoked: true }, text: `${id} is revoked.` };
});

/** Records the command in the organization of the key that its argument names. */
function recordOfKey(directory: OperatorDirectory, { argument }: Invocation): Promise<void> {
  return recordInItsOrganization(directory, (system) => system.apiKeys.find(argument));
}

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

function timesOf({
  createdAt,
  expiresAt,
  revokedAt,
  usedAt,
  network,
  formerUntil,
  formerUsedAt,
}: KeyDossier) {
  return {
    createdAt: toMillisecondText(createdAt),
    usedAt: timeOrNull(usedAt),
    network,
    expiresAt: timeOrNull(expiresAt),
    revokedAt: timeOrNull(revokedAt),
    formerUntil: timeOrNull(formerUntil),
    formerUsedAt: timeOrNull(formerUsedAt),
  };
}

/** The end that `--expires` gives; undefined without the option. */
function endOf({ clock }: Core, invocation: Invocation): number | undefined {
  const days = invocation.find('expires');
  return days === undefined ? undefined : clock.now() + Number(days) * dayMs;
}
