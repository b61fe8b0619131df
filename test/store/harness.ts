/**
 * The databases that every suite of the stores runs on, and what a suite starts with: an open, migrated store of
 * its own, and organizations of its own inside it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import Database from 'better-sqlite3';
import type { App, AppDigests } from '../../src/core/directory/organization.ts';
import { type NewUser, newUserDefaults } from '../../src/core/directory/user.ts';
import { newAppId, newPrefixedId, newUserId, newUserNumber, type OrgKey } from '../../src/core/ids.ts';
import { openStore } from '../../src/store/open-store.ts';
import { databaseFile } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store, StoreOptions } from '../../src/store/store.ts';
import { createDatabase, type OwnDatabase } from '../support/postgres.ts';
import { openPostgresRows } from '../support/postgres-rows.ts';
import { type AnyRows, openRows } from '../support/rows.ts';

/** Makes a store on a database that nobody else uses. */
export type MakeStore = (options?: StoreOptions) => Promise<OwnStore>;

export interface OwnStore {
  readonly store: Store;
  /** Where it is kept, for `openPlace` in another process. */
  readonly place: string;
  /** Another store on the same database, as another process would have it. The caller closes it. */
  openAgain(): Store;
  /** Runs statements past the store, as damage or an older program might. */
  execute(sql: string): Promise<void>;
  /** Reads what the tables hold. The caller closes it. */
  openRows(): AnyRows;
  /** Closes the store and removes what it kept. */
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

/** Declares a suite for each database. `suite` is given a function that hands out the suite's store. */
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

/** Opens a store by the name of its place: a folder, or the address of a database. */
export function openPlace(place: string): Store {
  return openStore(place.startsWith('postgres:') ? { databaseUrl: place } : { dataDir: place });
}

export async function makeSqliteStore(options: StoreOptions = {}): Promise<FileStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'roster-store-'));
  const store = openStore({ ...options, dataDir });
  await store.migrate();
  return {
    store,
    dataDir,
    place: dataDir,
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
  const database = await createDatabase();
  const { url: databaseUrl } = database;
  const store = openStore({ ...options, databaseUrl });
  await store.migrate();
  return {
    store,
    database,
    place: databaseUrl,
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
  return { id: newAppId(), name: 'App', isSignupOpen: true, origins: [], createdAt: 1 };
}

/** Digests of secrets that nobody has. */
export function newDigests(): AppDigests {
  return { keyDigest: newAppId(), secretDigest: newAppId() };
}

/** A user as somebody might add one to the tenant's app. */
export function newUser({ appId }: Pick<Tenant, 'appId'>, said: Partial<NewUser> = {}): NewUser {
  return {
    ...newUserDefaults,
    id: newUserId(),
    number: newUserNumber(),
    appId,
    status: 'active',
    createdAt: 1_000,
    ...said,
  };
}
