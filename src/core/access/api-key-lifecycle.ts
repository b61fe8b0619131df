/**
 * Creates, rotates and revokes API keys. Only the answer to a creation or a rotation shows the key in plain text; it is
 * not stored.
 */
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { refuse } from '../errors.ts';
import { newPrefixedId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newApiKeyText } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import type { ApiKey } from './api-key.ts';
import { type Door, type KeyRole, operatorAt } from './principal.ts';

export interface IssuedApiKey {
  readonly key: ApiKey;
  /** The key in plain text. */
  readonly apiKey: string;
}

/** Creates a key for the organization; `expiresAt` in epoch milliseconds, null for a key that does not expire. */
export async function createApiKey(
  core: Core,
  door: Door,
  input: { readonly organization: Organization; readonly role: KeyRole; readonly expiresAt: number | null },
): Promise<IssuedApiKey> {
  const { organization, role, expiresAt } = input;
  return core.work.change(organization.key, (tx) => issueApiKey(core, tx, door, { role, expiresAt }));
}

/** A step: a new key of the organization of `tx`. */
export async function issueApiKey(
  core: Core,
  tx: Tx,
  door: Door,
  input: { readonly role: KeyRole; readonly expiresAt: number | null },
): Promise<IssuedApiKey> {
  const now = core.clock.now();
  const apiKey = newApiKeyText();
  const key = await tx.apiKeys.insert(
    { id: newPrefixedId('key'), ...input, createdAt: now, revokedAt: null },
    digestOf(apiKey),
  );
  await record(tx, operatorAt(door, tx.orgKey), 'api_key.created', { kind: 'api_key', id: key.id }, now);
  return { key, apiKey };
}

/** Every key of every organization, oldest first. */
export function listApiKeys(core: Core): Promise<readonly ApiKey[]> {
  return core.work.readSystem('operator', (tx) => tx.apiKeys.list());
}

/** Replaces the secret of a key; the former secret is invalid immediately. Refuses with `not_found` (api_key). */
export async function rotateApiKey(core: Core, door: Door, keyId: string): Promise<IssuedApiKey> {
  const apiKey = newApiKeyText();
  const key = await changeKey(core, door, keyId, 'api_key.rotated', (tx) =>
    tx.apiKeys.replaceDigest(keyId, digestOf(apiKey)),
  );
  return { key, apiKey };
}

/** Revokes a key. Refuses with `not_found` (api_key), also for a key that is revoked already. */
export async function revokeApiKey(core: Core, door: Door, keyId: string): Promise<ApiKey> {
  return changeKey(core, door, keyId, 'api_key.revoked', (tx) => tx.apiKeys.revoke(keyId, core.clock.now()));
}

async function changeKey(
  core: Core,
  door: Door,
  keyId: string,
  action: 'api_key.rotated' | 'api_key.revoked',
  change: (tx: Tx) => Promise<boolean>,
): Promise<ApiKey> {
  return core.work.changeSystem('operator', async (system) => {
    const key = await system.apiKeys.find(keyId);
    if (key === null) throw refuse('not_found', { noun: 'api_key' });
    const tx = system.within(key.orgKey);
    if (!(await change(tx))) throw refuse('not_found', { noun: 'api_key' });
    const subject = { kind: 'api_key', id: keyId } as const;
    await record(tx, operatorAt(door, key.orgKey), action, subject, core.clock.now());
    return key;
  });
}
