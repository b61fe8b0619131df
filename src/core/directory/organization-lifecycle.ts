/**
 * Creates organizations, their apps and their first credentials, for the operator at the command line. A key in plain
 * text is only in the answer of the operation that created it.
 */

import { isCommonInput, readPassword } from '../access/password.ts';
import { type Door, operatorAt } from '../access/principal.ts';
import { type SignedIn, startSession } from '../access/sign-in.ts';
import type { Core } from '../core.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newPrefixedId, type OrgKey } from '../ids.ts';
import { issueApiKey } from '../keys/api-key-lifecycle.ts';
import { record } from '../record/audit-event.ts';
import { digestOf, newAppKeyText } from '../secret.ts';
import type { SystemTx } from '../unit-of-work.ts';
import { changeApp, type IssuedApp, issueApp, readAppChanges } from './app-changes.ts';
import type { App, AppChanges, Organization } from './organization.ts';
import { type Listing, offsetOf, type Page } from './paging.ts';
import { FieldReader, readNewEmail, readText } from './user-fields.ts';
import { newUserOf } from './user-lifecycle.ts';

export interface NewOrganization extends IssuedApp {
  readonly organization: Organization;
  /** An API key with the role admin, in plain text. */
  readonly apiKey: string;
}

/**
 * Creates the first organization of an empty directory. Refuses with `wrong_state` where there is one already; of
 * several callers at the same time exactly one succeeds.
 */
export async function initialise(core: Core, door: Door, name: string): Promise<NewOrganization> {
  const cleanName = readName(name);
  const refuseSecond = async (tx: SystemTx): Promise<void> => {
    if ((await tx.organizations.findFirst()) === null) return;
    throw refuse('wrong_state', { from: 'initialised', to: 'initialised' });
  };
  // Nearly every start finds an organization, and then it writes and waits for nothing.
  await core.work.readSystem('operator', refuseSecond);
  const make = async (tx: SystemTx): Promise<NewOrganization> => {
    await refuseSecond(tx);
    return makeOrganization(core, tx, door, cleanName);
  };
  return core.work.changeSystem('operator', make, { isExclusive: true });
}

/** Creates a further organization with one app, an admin key and an app key. Refuses with `invalid_fields`. */
export async function createOrganization(core: Core, door: Door, name: string): Promise<NewOrganization> {
  const cleanName = readName(name);
  return core.work.changeSystem('operator', (tx) => makeOrganization(core, tx, door, cleanName), {
    isExclusive: true,
  });
}

/** More organizations than this are read together with all others. */
const lookedUpMax = 200;

/** A page of the organizations, oldest first. */
export async function pageOrganizations(core: Core, page: Page): Promise<Listing<Organization>> {
  const found = await core.work.readSystem('operator', (tx) =>
    tx.organizations.page(offsetOf(page), page.size),
  );
  return { ...found, page };
}

/** The organizations with these keys, and perhaps others, in no order. */
export function listOrganizationsByKeys(
  core: Core,
  keys: readonly OrgKey[],
): Promise<readonly Organization[]> {
  const distinct = [...new Set(keys)];
  if (distinct.length > lookedUpMax) return listOrganizations(core);
  return core.work.readSystem('operator', (tx) => tx.organizations.listByKeys(distinct));
}

/** Every organization, oldest first. For work that concerns each of them: there may be many thousands. */
export function listOrganizations(core: Core): Promise<readonly Organization[]> {
  return core.work.readSystem('operator', (tx) => tx.organizations.list());
}

/** An organization by its public id. Refuses with `not_found` (organization). */
export async function getOrganization(core: Core, id: string): Promise<Organization> {
  const organization = await core.work.readSystem('operator', (tx) => tx.organizations.findById(id));
  if (organization === null) throw refuse('not_found', { noun: 'organization' });
  return organization;
}

/** Gives the organization another name. Refuses with `invalid_fields` and `not_found` (organization). */
export async function renameOrganization(
  core: Core,
  door: Door,
  input: { readonly id: string; readonly name: string },
): Promise<Organization> {
  const name = readName(input.name);
  return core.work.changeSystem('operator', async (system) => {
    const organization = await system.organizations.findById(input.id);
    if (organization === null || !(await system.organizations.rename(input.id, name))) {
      throw refuse('not_found', { noun: 'organization' });
    }
    const { key, id } = organization;
    const subject = { kind: 'organization', id } as const;
    await record(
      system.within(key),
      operatorAt(door, key),
      'organization.renamed',
      subject,
      core.clock.now(),
    );
    return { ...organization, name };
  });
}

/** Gives the app another name. Refuses with `invalid_fields` and `not_found` (app). */
export async function renameApp(
  core: Core,
  door: Door,
  input: { readonly appId: string; readonly name: string },
): Promise<App> {
  const { appId, ...naming } = input;
  return changeAnyApp(core, door, appId, readAppChanges(naming));
}

/**
 * Gives the app a colour and a logo for web pages; null removes one, and an absent field stays. Values are as the operator
 * gave them. Refuses with `invalid_fields` and `not_found` (app).
 */
export async function brandApp(
  core: Core,
  door: Door,
  input: { readonly appId: string; readonly colour?: string | null; readonly logo?: Uint8Array | null },
): Promise<App> {
  const { appId, ...brand } = input;
  return changeAnyApp(core, door, appId, readAppChanges(brand));
}

/** The logo of an app; null where the app has another one or none. */
export function findLogo(core: Core, appId: string, digest: string): Promise<Uint8Array | null> {
  return core.work.readSystem('authentication', (tx) => tx.apps.findLogo(appId, digest));
}

/** Creates an app in the organization. Refuses with `invalid_fields`. */
export async function createApp(
  core: Core,
  door: Door,
  input: { readonly organization: Organization; readonly name: string },
): Promise<IssuedApp> {
  const name = readName(input.name);
  return core.work.change(input.organization.key, (tx) =>
    issueApp(core, tx, operatorAt(door, tx.orgKey), name),
  );
}

/** The apps of the organization, or of every organization with null; oldest first. */
export function listApps(core: Core, only: Organization | null): Promise<readonly App[]> {
  if (only !== null) return core.work.read(only.key, (tx) => tx.apps.list());
  return core.work.readSystem('operator', (tx) => tx.apps.list());
}

/** Gives the app another key; the present key stops working immediately. Refuses with `not_found` (app). */
export async function rotateAppKey(
  core: Core,
  door: Door,
  appId: string,
): Promise<Omit<IssuedApp, 'clientSecret'>> {
  const appKey = newAppKeyText();
  const app = await changeAnyApp(core, door, appId, { keyDigest: digestOf(appKey) });
  return { app, appKey };
}

/**
 * Gives the app another client secret, or its first one; the present one stops working immediately. Refuses with
 * `not_found` (app).
 */
export async function rotateClientSecret(
  core: Core,
  door: Door,
  appId: string,
): Promise<Omit<IssuedApp, 'appKey'>> {
  const clientSecret = newAppKeyText();
  const app = await changeAnyApp(core, door, appId, { secretDigest: digestOf(clientSecret) });
  return { app, clientSecret };
}

/**
 * Opens or closes sign-up in the app, says whether it takes a provider's account for one user only, and sets the origins whose pages may show the Connect page in a frame; an absent
 * field stays. `origins` are as the operator gave them. Refuses with `invalid_fields` and `not_found` (app).
 */
export async function updateApp(
  core: Core,
  door: Door,
  input: {
    readonly appId: string;
    readonly isSignupOpen?: boolean;
    readonly isOneAccount?: boolean;
    readonly origins?: readonly string[];
  },
): Promise<App> {
  const { appId, ...settings } = input;
  return changeAnyApp(core, door, appId, readAppChanges(settings, 'origin list'));
}

/**
 * Creates a confirmed, active admin with a first session. Refuses with `invalid_fields` and `email_taken`.
 */
export async function createAdmin(
  core: Core,
  door: Door,
  input: { readonly organization: Organization; readonly email: string; readonly password: string },
): Promise<SignedIn> {
  const fields = new FieldReader();
  const email = fields.take('email', readNewEmail(input.email, core.takesUnicodeAddresses()));
  const isCommon = await isCommonInput(input.password, core.isCommonPassword);
  const password = fields.take('password', readPassword(input.password, email ?? null, isCommon));
  refuseFaults(fields.faults);
  if (email === undefined || password === undefined) throw refuse('internal', {});
  const passwordHash = await core.hasher.hash(password);
  return core.work.change(input.organization.key, async (tx) => {
    const now = core.clock.now();
    const principal = operatorAt(door, tx.orgKey);
    const app = await tx.apps.getFirst();
    const user = await tx.users.insert({
      ...newUserOf(app.id, now),
      email,
      role: 'admin',
      confirmedAt: now,
      // The operator vouches for the address.
      emailProvedAt: now,
      passwordHash,
    });
    await record(tx, principal, 'user.created', { kind: 'user', id: user.id }, now);
    return { user, token: await startSession(core, tx, principal, user) };
  });
}

async function makeOrganization(
  core: Core,
  system: SystemTx,
  door: Door,
  name: string,
): Promise<NewOrganization> {
  const now = core.clock.now();
  const organization = await system.organizations.insert({ id: newPrefixedId('org'), name, createdAt: now });
  const tx = system.within(organization.key);
  const subject = { kind: 'organization', id: organization.id } as const;
  await record(tx, operatorAt(door, organization.key), 'organization.created', subject, now);
  const { app, appKey, clientSecret } = await issueApp(core, tx, operatorAt(door, tx.orgKey), name);
  const { apiKey } = await issueApiKey(core, tx, operatorAt(door, tx.orgKey), {
    ...{ name: null, role: 'admin', expiresAt: null },
  });
  return { organization, app, appKey, clientSecret, apiKey };
}

/** Changes an app of any organization. */
async function changeAnyApp(core: Core, door: Door, appId: string, changes: AppChanges): Promise<App> {
  return core.work.changeSystem('operator', async (system) => {
    const app = await system.apps.find(appId);
    if (app === null) throw refuse('not_found', { noun: 'app' });
    const { orgKey } = app;
    return changeApp(core, system.within(orgKey), operatorAt(door, orgKey), appId, changes);
  });
}

function readName(name: string): string {
  const fields = new FieldReader();
  const clean = fields.take('name', readText(name));
  refuseFaults(fields.faults);
  if (clean === undefined) throw refuse('internal', {});
  return clean;
}
