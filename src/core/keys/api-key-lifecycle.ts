/**
 * Creates, changes, rotates and revokes API keys. Only the answer to a creation or a rotation shows the key in plain text; it is
 * not stored. The operator names a key of any organization; `own-keys.ts` is for the staff of one.
 */

import { type Door, type KeyRole, operatorAt, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import type { Organization } from '../directory/organization.ts';
import { FieldReader, readText } from '../directory/user-fields.ts';
import { type FieldFault, refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId } from '../ids.ts';
import { type AuditAction, type EventDetails, record } from '../record/audit-event.ts';
import { digestOf, newApiKeyText } from '../secret.ts';
import { hourMs } from '../time.ts';
import type { Tx } from '../unit-of-work.ts';
import { type ApiKey, formerHoursMax, type KeyDossier } from './api-key.ts';

export interface IssuedApiKey {
  readonly key: ApiKey;
  /** The key in plain text. */
  readonly apiKey: string;
}

/** A new key; `expiresAt` in epoch milliseconds, null for a key that does not expire. */
export interface NewKey {
  readonly name: string | null;
  readonly role: KeyRole;
  readonly expiresAt: number | null;
}

/** What changes of a key; an absent field stays. */
export type KeyChanges = Partial<Pick<NewKey, 'name' | 'expiresAt'>>;

/** How long the replaced secret stays valid: whole hours from 0, not at all, to `formerHoursMax`. */
export interface Rotation {
  readonly keyId: string;
  readonly formerHours: number;
}

/** Creates a key for the organization. Refuses with `invalid_fields`. */
export async function createApiKey(
  core: Core,
  door: Door,
  input: Omit<NewKey, 'name'> & { readonly organization: Organization; readonly name?: string | null },
): Promise<IssuedApiKey> {
  const { organization, role, expiresAt } = input;
  const key = { role, expiresAt, ...readChanges(core, { name: input.name ?? null }) };
  return core.work.change(organization.key, (tx) =>
    issueApiKey(core, tx, operatorAt(door, tx.orgKey), { name: null, ...key }),
  );
}

/** The keys of the organization, or of every organization with null; oldest first. */
export function listApiKeys(core: Core, only: Organization | null): Promise<readonly KeyDossier[]> {
  if (only !== null) return core.work.read(only.key, (tx) => tx.apiKeys.list());
  return core.work.readSystem('operator', (tx) => tx.apiKeys.list());
}

/**
 * Gives a key another name or end, and with `endsFormer` refuses the key that the last rotation has replaced. Refuses with
 * `invalid_fields`, `not_found` (api_key), also for a revoked key, and with `wrong_state` where no replaced key is left.
 */
export async function updateApiKey(
  core: Core,
  door: Door,
  {
    keyId,
    endsFormer = false,
    ...given
  }: KeyChanges & { readonly keyId: string; readonly endsFormer?: boolean },
): Promise<KeyDossier> {
  const changes = readChanges(core, given);
  return asOperator(core, door, keyId, async (tx, principal) => {
    if (endsFormer) await endFormerKey(core, tx, principal, keyId);
    const isChanged = Object.keys(changes).length > 0;
    return isChanged ? changeKey(core, tx, principal, keyId, changes) : getKey(tx, keyId);
  });
}

/**
 * Replaces the secret of a key. Without `formerHours` the former secret is invalid immediately. Refuses with
 * `invalid_fields` and `not_found` (api_key), also for a revoked key.
 */
export async function rotateApiKey(
  core: Core,
  door: Door,
  keyId: string,
  formerHours = 0,
): Promise<IssuedApiKey> {
  const rotation = readRotation({ keyId, formerHours });
  return asOperator(core, door, keyId, (tx, principal) => rotateKey(core, tx, principal, rotation));
}

/** Revokes a key. Refuses with `not_found` (api_key), also for a key that is revoked already. */
export async function revokeApiKey(core: Core, door: Door, keyId: string): Promise<ApiKey> {
  return asOperator(core, door, keyId, (tx, principal) => revokeKey(core, tx, principal, keyId));
}

/** A step: a new key of the organization of `tx`. */
export async function issueApiKey(
  core: Core,
  tx: Tx,
  principal: Principal,
  input: NewKey,
): Promise<IssuedApiKey> {
  const now = core.clock.now();
  const apiKey = newApiKeyText();
  const key = await tx.apiKeys.insert(
    { id: newPrefixedId('key'), ...input, createdAt: now, revokedAt: null },
    digestOf(apiKey),
  );
  await record(tx, principal, 'api_key.created', { kind: 'api_key', id: key.id }, now);
  return { key, apiKey };
}

/** A step: changes what the caller has read with `readChanges`. */
export async function changeKey(
  core: Core,
  tx: Tx,
  principal: Principal,
  keyId: string,
  changes: KeyChanges,
): Promise<KeyDossier> {
  const key = await getKey(tx, keyId);
  const { name, expiresAt } = { ...key, ...changes };
  const fields = [
    ...(name === key.name ? [] : ['name']),
    ...(expiresAt === key.expiresAt ? [] : ['expires_at']),
  ];
  if (!(await tx.apiKeys.update(keyId, { name, expiresAt }))) throw refuse('not_found', { noun: 'api_key' });
  await note(core, tx, principal, keyId, 'api_key.updated', { fields });
  return { ...key, name, expiresAt };
}

/** A step: gives the key another secret, which the caller shows once. The rotation is one that `readRotation` has read. */
export async function rotateKey(
  core: Core,
  tx: Tx,
  principal: Principal,
  { keyId, formerHours }: Rotation,
): Promise<IssuedApiKey> {
  const apiKey = newApiKeyText();
  const key = await getKey(tx, keyId);
  const formerUntil = formerHours === 0 ? null : core.clock.now() + formerHours * hourMs;
  if (!(await tx.apiKeys.replaceDigest(keyId, digestOf(apiKey), formerUntil))) {
    throw refuse('not_found', { noun: 'api_key' });
  }
  await note(core, tx, principal, keyId, 'api_key.rotated');
  return { key, apiKey };
}

/** A step: refuses the secret that the last rotation has replaced. Refuses with `wrong_state` where none is valid. */
export async function endFormerKey(core: Core, tx: Tx, principal: Principal, keyId: string): Promise<void> {
  await getKey(tx, keyId);
  if (!(await tx.apiKeys.endFormer(keyId))) throw refuse('wrong_state', { from: 'ended', to: 'ended' });
  await note(core, tx, principal, keyId, 'api_key.former_ended');
}

/** A step: revokes the key. */
export async function revokeKey(core: Core, tx: Tx, principal: Principal, keyId: string): Promise<ApiKey> {
  const key = await getKey(tx, keyId);
  if (!(await tx.apiKeys.revoke(keyId, core.clock.now()))) throw refuse('not_found', { noun: 'api_key' });
  await note(core, tx, principal, keyId, 'api_key.revoked');
  return key;
}

/** Reads a name and an end that were given. Refuses with `invalid_fields`. */
export function readChanges(core: Core, { name, expiresAt }: KeyChanges): KeyChanges {
  const fields = new FieldReader();
  const changes: { name?: string | null; expiresAt?: number | null } = {};
  if (name === null) changes.name = null;
  else if (name !== undefined) changes.name = fields.take('name', readText(name)) ?? null;
  if (expiresAt !== undefined) changes.expiresAt = expiresAt;
  // A key that ends now is revoked instead.
  if (typeof expiresAt === 'number' && expiresAt <= core.clock.now()) {
    fields.faults.push({ field: 'expiresAt', fault: 'invalid' });
  }
  refuseFaults(fields.faults);
  return changes;
}

/** Refuses with `invalid_fields`. */
export function readRotation(rotation: Rotation): Rotation {
  const { formerHours } = rotation;
  const isInRange = Number.isInteger(formerHours) && formerHours >= 0 && formerHours <= formerHoursMax;
  const fault: FieldFault = { field: 'formerHours', fault: 'out_of_range', min: 0, max: formerHoursMax };
  refuseFaults(isInRange ? [] : [fault]);
  return rotation;
}

async function getKey(tx: Tx, keyId: string): Promise<KeyDossier> {
  const key = await tx.apiKeys.find(keyId);
  if (key === null) throw refuse('not_found', { noun: 'api_key' });
  return key;
}

function note(
  core: Core,
  tx: Tx,
  principal: Principal,
  keyId: string,
  action: AuditAction & `api_key.${string}`,
  details?: EventDetails,
): Promise<void> {
  return record(tx, principal, action, { kind: 'api_key', id: keyId }, core.clock.now(), details);
}

/** Runs the act in the organization of the key. */
function asOperator<T>(
  core: Core,
  door: Door,
  keyId: string,
  act: (tx: Tx, principal: Principal) => Promise<T>,
): Promise<T> {
  return core.work.changeSystem('operator', async (system) => {
    const key = await system.apiKeys.find(keyId);
    if (key === null) throw refuse('not_found', { noun: 'api_key' });
    return act(system.within(key.orgKey), operatorAt(door, key.orgKey));
  });
}
