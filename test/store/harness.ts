/**
 * The databases that every suite of the stores runs on. Each suite starts with its own open, migrated store, and with its
 * own organizations.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import Database from 'better-sqlite3';
import type { App, AppDigests } from '../../src/core/directory/organization.ts';
import { type NewUser, newUserDefaults } from '../../src/core/directory/user.ts';
import { newAppId, newPrefixedId, newUserId, newUserNumber, type OrgKey } from '../../src/core/ids.ts';
import type { Message } from '../../src/core/messaging/message.ts';
import type { StaffAccount } from '../../src/core/staff/staff-account.ts';
import type { SystemTx } from '../../src/core/unit-of-work.ts';
import { openStore } from '../../src/store/open-store.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store, StoreOptions } from '../../src/store/store.ts';
import { citus, createDatabase, type OwnDatabase } from '../support/postgres/postgres.ts';
import { openPostgresRows } from '../support/postgres/postgres-rows.ts';
import { createMigratedDatabase } from '../support/server/prepared.ts';
import { type AnyRows, openRows } from '../support/server/rows.ts';

/** Creates a store on a new database. */
export type MakeStore = (options?: StoreOptions) => Promise<OwnStore>;

export interface OwnStore {
  readonly store: Store;
  /** The location of its data, for `openLocation` in another process. */
  readonly location: string;
  /** Another store on the same database, as in another process. The caller closes it. */
  openAgain(): Store;
  /** Runs statements directly on the database, without the store, like damage or an older program. */
  execute(sql: string): Promise<void>;
  /** Reads the rows of the tables. The caller closes it. */
  openRows(): AnyRows;
  /** Closes the store and removes its data. */
  dispose(): Promise<void>;
}

/** A store in a folder. */
export interface FileStore extends OwnStore {
  readonly dataDir: string;
}

/** A store on PostgreSQL. */
export interface PostgresOwnStore extends OwnStore {
  readonly database: OwnDatabase;
}

export const databases: readonly { readonly name: string; readonly make: MakeStore }[] = [
  { name: 'SQLite', make: makeSqliteStore },
  { name: 'PostgreSQL', make: makePostgresStore },
];

/** Declares a suite for each database. `suite` gets a function that returns the store of the suite. */
export function suiteOnEveryDatabase(
  title: string,
  suite: (own: () => Store) => void,
  options: StoreOptions = {},
): void {
  for (const { name, make } of databases) {
    describe(`${title} on ${name}`, () => {
      let own: OwnStore | undefined;
      before(async () => {
        own = await make(options);
      });
      after(() => own?.dispose());
      suite(() => {
        if (own === undefined) throw new Error('the store is not open yet');
        return own.store;
      });
    });
  }
}

/** Opens a store at a location: a folder, or the address of a database. */
export function openLocation(location: string): Store {
  return openStore(location.startsWith('postgres:') ? { databaseUrl: location } : { dataDir: location });
}

export async function makeSqliteStore(options: StoreOptions = {}): Promise<FileStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roster-store-'));
  const store = openStore({ ...options, dataDir });
  await store.migrate();
  return {
    store,
    dataDir,
    location: dataDir,
    openAgain: () => openStore({ ...options, dataDir }),
    openRows: () => openRows(dataDir),
    async execute(sql) {
      const raw = new Database(join(dataDir, databaseFile));
      raw.exec(sql);
      raw.close();
    },
    async dispose() {
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function makePostgresStore(options: StoreOptions = {}): Promise<PostgresOwnStore> {
  const database = await (citus === undefined ? createDatabase() : createMigratedDatabase());
  const { url: databaseUrl } = database;
  const store = openStore({ ...options, databaseUrl });
  await store.migrate();
  return {
    store,
    database,
    location: databaseUrl,
    openAgain: () => openStore({ ...options, databaseUrl }),
    openRows: () => openPostgresRows(databaseUrl),
    async execute(sql) {
      await database.query(sql);
    },
    async dispose() {
      await store.close();
      await database.drop();
    },
  };
}

/** An organization with one app. */
export interface Tenant {
  readonly orgKey: OrgKey;
  readonly appId: string;
  readonly app: App;
}

export function addTenant(store: Store): Promise<Tenant> {
  return store.changeSystem('operator', async (tx) => {
    const id = newPrefixedId('org');
    const { key } = await tx.organizations.insert({ id, name: 'Clinic', createdAt: 1 });
    const app = await tx.within(key).apps.insert(newApp(), newDigests());
    return { orgKey: key, appId: app.id, app };
  });
}

export function newApp(): Omit<App, 'orgKey'> {
  return {
    id: newAppId(),
    name: 'App',
    isSignupOpen: true,
    isOneAccount: false,
    origins: [],
    colour: null,
    logoDigest: null,
    createdAt: 1,
  };
}

/** Digests of secrets that do not exist. */
export function newDigests(): AppDigests {
  return { keyDigest: newAppId(), secretDigest: newAppId() };
}

/** A new user of the tenant's app, with the given fields. */
export function newUser({ appId }: Pick<Tenant, 'appId'>, fields: Partial<NewUser> = {}): NewUser {
  return {
    ...newUserDefaults,
    id: newUserId(),
    number: newUserNumber(),
    appId,
    status: 'active',
    createdAt: 1_000,
    ...fields,
  };
}

/** Adds a staff account. */
export function addStaff(
  store: Store,
  orgKey: OrgKey,
  fields: Partial<StaffAccount> = {},
): Promise<StaffAccount> {
  const id = newPrefixedId('stf');
  return store.change(orgKey, (tx) =>
    tx.staff.insert({
      ...{ id, email: `${id}@example.com`, name: 'Jo', role: 'owner', passwordHash: null },
      ...{ sealedTotp: null, createdAt: 1_000, enrolledAt: null },
      ...fields,
    }),
  );
}

/** Claims due messages of all lanes and organizations, without a bound by destination; the oldest first. */
export async function claimDueMessages(
  tx: SystemTx,
  { now, leaseMs, limit }: { readonly now: number; readonly leaseMs: number; readonly limit: number },
): Promise<readonly Message[]> {
  await tx.messages.release(now, 1_000);
  const claimed: Message[] = [];
  for (const { lane } of await tx.messages.listOldestDue()) {
    for (const orgKey of await tx.messages.listDueOrganizations(lane, 0, 1_000)) {
      const left = limit - claimed.length;
      if (left === 0) break;
      const turn = { lane, orgKey, after: '', perDestination: 1_000 };
      claimed.push(...(await tx.messages.claim({ ...turn, now, leaseMs, limit: left })));
    }
  }
  return claimed.sort((left, right) => left.createdAt - right.createdAt);
}
