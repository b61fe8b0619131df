/**
 * The apps of one organization, for its staff. A new app, a new secret, origins and sign-up need a fresh second factor. The key of an app deletes its
 * people, so only who may issue such credentials replaces it.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse } from '../errors.ts';
import { digestOf, newAppKeyText } from '../secret.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { type AppInput, changeApp, type IssuedApp, issueApp, readAppChanges } from './app-changes.ts';
import type { App } from './organization.ts';

/** Every app of the organization, oldest first. Refuses with `forbidden`. */
export function listOwnApps(core: Core, principal: Principal): Promise<readonly App[]> {
  authorize(principal, 'console.keys.manage');
  return core.work.read(principal.orgKey, (tx) => tx.apps.list());
}

/** Refuses with `forbidden`, `fresh_factor_required` and `invalid_fields`. */
export async function createOwnApp(
  core: Core,
  principal: Principal,
  input: { readonly name: string },
): Promise<IssuedApp> {
  authorize(principal, 'console.keys.manage');
  const { name } = readAppChanges(input);
  if (name === undefined) throw refuse('internal', {});
  requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, (tx) => issueApp(core, tx, principal, name));
}

/**
 * Changes name, sign-up, origins or brand of an app. Refuses with `forbidden`, `invalid_fields`, `not_found` (app), and with
 * `fresh_factor_required` for what opens the app to others: all but its name and brand.
 */
export async function updateOwnApp(
  core: Core,
  principal: Principal,
  { appId, ...input }: AppInput & { readonly appId: string },
): Promise<App> {
  authorize(principal, 'console.keys.manage');
  const changes = readAppChanges(input);
  const { origins, isSignupOpen, isOneAccount } = changes;
  if ((origins ?? isSignupOpen ?? isOneAccount) !== undefined) requireFreshFactor(core, principal);
  return core.work.change(principal.orgKey, (tx) => changeApp(core, tx, principal, appId, changes));
}

/**
 * Gives the app another key, or another client secret; the present one stops working immediately. Refuses with `forbidden`,
 * `fresh_factor_required` and `not_found` (app).
 */
export async function rotateOwnAppSecret(
  core: Core,
  principal: Principal,
  { appId, secret }: { readonly appId: string; readonly secret: 'app_key' | 'client_secret' },
): Promise<{ readonly app: App; readonly secret: string }> {
  authorize(principal, 'console.keys.manage');
  if (secret === 'app_key') authorize(principal, 'console.keys.deleting');
  requireFreshFactor(core, principal);
  const text = newAppKeyText();
  const digest = digestOf(text);
  const changes = secret === 'app_key' ? { keyDigest: digest } : { secretDigest: digest };
  const app = await core.work.change(principal.orgKey, (tx) =>
    changeApp(core, tx, principal, appId, changes),
  );
  return { app, secret: text };
}
