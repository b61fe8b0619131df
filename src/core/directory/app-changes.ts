/**
 * The steps that create and change an app, for the operator and for the staff of its organization. Each kind of change has an action of
 * its own in the audit log.
 */
import type { Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newAppId } from '../ids.ts';
import { type AuditAction, record } from '../record/audit-event.ts';
import { toFieldName } from '../record/changed-fields.ts';
import { digestOf, newAppKeyText } from '../secret.ts';
import type { Tx } from '../unit-of-work.ts';
import { readColour, readLogo } from './app-brand.ts';
import { readOrigins } from './app-origins.ts';
import type { App, AppChanges } from './organization.ts';
import { FieldReader, type FieldResult, readText } from './user-fields.ts';

export interface IssuedApp {
  readonly app: App;
  /** The app key in plain text. */
  readonly appKey: string;
  /** The client secret in plain text, with which the app's backend asks for tokens of the Connect page. */
  readonly clientSecret: string;
}

/** What changes of an app, as it was given; an absent field stays, and null removes a colour or a logo. */
export interface AppInput {
  readonly name?: string;
  readonly isSignupOpen?: boolean;
  readonly isOneAccount?: boolean;
  readonly origins?: readonly string[];
  readonly colour?: string | null;
  readonly logo?: Uint8Array | null;
}

/** Reads the given fields. `originsField` is the caller's name of the origins. Refuses with `invalid_fields`. */
export function readAppChanges(input: AppInput, originsField = 'origins'): AppChanges {
  const fields = new FieldReader();
  const changes: { -readonly [K in keyof AppChanges]: AppChanges[K] } = {};
  const { name, isSignupOpen, isOneAccount, origins, colour, logo } = input;
  const take = <T>(field: string, result: FieldResult<T>, put: (value: T) => void): void => {
    const value = fields.take(field, result);
    if (value !== undefined) put(value);
  };
  if (isSignupOpen !== undefined) changes.isSignupOpen = isSignupOpen;
  if (isOneAccount !== undefined) changes.isOneAccount = isOneAccount;
  if (name !== undefined) {
    take('name', readText(name), (value) => {
      changes.name = value;
    });
  }
  if (origins !== undefined) {
    take(originsField, readOrigins(origins), (value) => {
      changes.origins = value;
    });
  }
  if (colour === null) changes.colour = null;
  else if (colour !== undefined) {
    take('colour', readColour(colour), (value) => {
      changes.colour = value;
    });
  }
  if (logo === null) changes.logo = null;
  else if (logo !== undefined) {
    take('logo', readLogo(logo), (value) => {
      changes.logo = value;
    });
  }
  refuseFaults(fields.faults);
  return changes;
}

/** A step: a new app of the organization of `tx`. The name was read before. */
export async function issueApp(core: Core, tx: Tx, principal: Principal, name: string): Promise<IssuedApp> {
  const now = core.clock.now();
  const appKey = newAppKeyText();
  const clientSecret = newAppKeyText();
  const app = await tx.apps.insert(
    {
      id: newAppId(),
      name,
      isSignupOpen: true,
      isOneAccount: false,
      origins: [],
      colour: null,
      logoDigest: null,
      createdAt: now,
    },
    { keyDigest: digestOf(appKey), secretDigest: digestOf(clientSecret) },
  );
  await record(tx, principal, 'app.created', { kind: 'app', id: app.id }, now);
  return { app, appKey, clientSecret };
}

/** A step: writes changes that the caller has read. Refuses with `not_found` (app). */
export async function changeApp(
  core: Core,
  tx: Tx,
  principal: Principal,
  appId: string,
  changes: AppChanges,
): Promise<App> {
  if (!(await tx.apps.update(appId, changes))) throw refuse('not_found', { noun: 'app' });
  for (const { action, fields } of eventsOf(changes)) {
    await record(tx, principal, action, { kind: 'app', id: appId }, core.clock.now(), { fields });
  }
  const app = await tx.apps.find(appId);
  if (app === null) throw refuse('not_found', { noun: 'app' });
  return app;
}

/** The actions that are said by themselves; all other fields are named by `app.updated`. */
const ownActions: Partial<Record<keyof AppChanges, AuditAction>> = {
  name: 'app.renamed',
  keyDigest: 'app.key_rotated',
  secretDigest: 'app.secret_rotated',
  colour: 'app.branded',
  logo: 'app.branded',
};

function eventsOf(changes: AppChanges): { action: AuditAction; fields: string[] }[] {
  const given = Object.entries(changes).flatMap(([field, value]) =>
    value === undefined ? [] : [field as keyof AppChanges],
  );
  const own = new Set(given.flatMap((field) => ownActions[field] ?? []));
  const others = given.filter((field) => ownActions[field] === undefined).map(toFieldName);
  return [
    ...[...own].map((action) => ({ action, fields: [] })),
    ...(others.length === 0 ? [] : [{ action: 'app.updated' as const, fields: others.sort() }]),
  ];
}
