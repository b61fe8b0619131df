/**
 * The API keys of one organization, for its staff. What gives access, or takes it, needs a fresh second factor. A key with the role
 * `admin` deletes people and reads the audit log, so only who may do that issues, renames or prolongs one. Who manages keys may end any.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import type { Tx } from '../unit-of-work.ts';
import type { ApiKey, KeyDossier } from './api-key.ts';
import {
  changeKey,
  endFormerKey,
  type IssuedApiKey,
  issueApiKey,
  type KeyChanges,
  type NewKey,
  type Rotation,
  readChanges,
  readRotation,
  revokeKey,
  rotateKey,
} from './api-key-lifecycle.ts';

/** Every key of the organization, oldest first, revoked ones included. Refuses with `forbidden`. */
export function listOwnKeys(core: Core, principal: Principal): Promise<readonly KeyDossier[]> {
  authorize(principal, 'console.keys.manage');
  return core.work.read(principal.orgKey, (tx) => tx.apiKeys.list());
}

/** Refuses with `forbidden`, `fresh_factor_required` and `invalid_fields`. */
export async function createOwnKey(core: Core, principal: Principal, input: NewKey): Promise<IssuedApiKey> {
  authorize(principal, 'console.keys.manage');
  authorizeRole(principal, input);
  const key = { ...input, ...readChanges(core, { name: input.name, expiresAt: input.expiresAt }) };
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, (tx) => issueApiKey(core, tx, principal, key));
}

/**
 * Gives a key another name or end. Refuses with `forbidden`, `invalid_fields`, `not_found` (api_key), and with
 * `fresh_factor_required` for another end, which brings an expired key back.
 */
export async function updateOwnKey(
  core: Core,
  principal: Principal,
  { keyId, ...given }: KeyChanges & { readonly keyId: string },
): Promise<KeyDossier> {
  authorize(principal, 'console.keys.manage');
  const changes = readChanges(core, given);
  if (changes.expiresAt !== undefined) requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, async (tx) => {
    await authorizeKey(tx, principal, keyId);
    return changeKey(core, tx, principal, keyId, changes);
  });
}

/** Refuses with `forbidden`, `fresh_factor_required`, `invalid_fields` and `not_found` (api_key), also for a revoked key. */
export async function rotateOwnKey(core: Core, principal: Principal, input: Rotation): Promise<IssuedApiKey> {
  authorize(principal, 'console.keys.manage');
  const rotation = readRotation(input);
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, async (tx) => {
    await authorizeKey(tx, principal, rotation.keyId);
    return rotateKey(core, tx, principal, rotation);
  });
}

/**
 * Ends the secret that the last rotation has replaced. Refuses with `forbidden`, `fresh_factor_required`, `not_found` (api_key) and
 * `wrong_state` where none is valid.
 */
export async function endOwnFormerKey(core: Core, principal: Principal, keyId: string): Promise<void> {
  authorize(principal, 'console.keys.manage');
  requireFreshFactor(core, principal);
  await core.work.change(principal.orgKey, (tx) => endFormerKey(core, tx, principal, keyId));
}

/** Refuses with `forbidden`, `fresh_factor_required` and `not_found` (api_key), also for a key that is revoked already. */
export async function revokeOwnKey(core: Core, principal: Principal, keyId: string): Promise<ApiKey> {
  authorize(principal, 'console.keys.manage');
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, (tx) => revokeKey(core, tx, principal, keyId));
}

/** Refuses with `forbidden` a key of a role that the principal may not issue. */
function authorizeRole(principal: Principal, { role }: Pick<ApiKey, 'role'>): void {
  if (role === 'admin') authorize(principal, 'console.keys.deleting');
}

/** A step: as `authorizeRole`, for a key that exists; an unknown one is left to the change. */
async function authorizeKey(tx: Tx, principal: Principal, keyId: string): Promise<void> {
  const key = await tx.apiKeys.find(keyId);
  if (key !== null) authorizeRole(principal, key);
}
