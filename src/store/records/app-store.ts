/**
 * Apps: those of one organization, and all of them for callers that do not know the organization yet. Apps are never
 * deleted, so the first app of an organization stays the first.
 */
import type {
  App,
  AppChanges,
  AppDigests,
  AppDirectory,
  AppNames,
  AppStore,
} from '../../core/directory/organization.ts';
import type { OrgKey } from '../../core/ids.ts';
import { type Flag, toFlag } from '../schema/flag.ts';
import { type Binder, build, type Statement, statement, type Value, type Values } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = [
  'org_key as orgKey',
  'id',
  'name',
  'is_signup_open as isSignupOpen',
  'is_one_account as isOneAccount',
  'origins',
  'colour',
  'logo_digest as logoDigest',
  'created_at as createdAt',
] as const;

type AppRow = Omit<App, 'isSignupOpen' | 'isOneAccount' | 'origins'> & {
  readonly isSignupOpen: number;
  readonly isOneAccount: number;
  /** A JSON array. */
  readonly origins: string;
};

const insertApp = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      name: string;
      keyDigest: string;
      secretDigest: string;
      isSignupOpen: 0 | 1;
      isOneAccount: 0 | 1;
      origins: string;
      createdAt: number;
    }>,
  ) =>
    build.insertInto('apps').values({
      org_key: p('orgKey'),
      id: p('id'),
      name: p('name'),
      key_digest: p('keyDigest'),
      client_secret_digest: p('secretDigest'),
      is_signup_open: p('isSignupOpen'),
      is_one_account: p('isOneAccount'),
      origins: p('origins'),
      created_at: p('createdAt'),
    }),
);

const selectOwn = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build.selectFrom('apps').select(columns).where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

const selectNames = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build
    .selectFrom('apps')
    .innerJoin('organizations', 'organizations.org_key', 'apps.org_key')
    .select(['apps.name as app', 'organizations.name as organization'])
    .where('apps.org_key', '=', p('orgKey'))
    .where('apps.id', '=', p('id')),
);

/** The internal key is in the order of creation. */
const selectFirstOwn = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('apps').select(columns).where('org_key', '=', p('orgKey')).orderBy('app_key').limit(1),
);

const selectAllOwn = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('apps').select(columns).where('org_key', '=', p('orgKey')).orderBy('app_key'),
);

type ById = { orgKey: number; id: string };

const updateOf = <V extends Value>(
  column:
    | 'name'
    | 'key_digest'
    | 'client_secret_digest'
    | 'origins'
    | 'is_signup_open'
    | 'is_one_account'
    | 'colour',
) =>
  statement((p: Binder<ById & { value: V }>) =>
    build
      .updateTable('apps')
      .set({ [column]: p('value') })
      .where('org_key', '=', p('orgKey'))
      .where('id', '=', p('id')),
  );

const updateName = updateOf<string>('name');
const updateKey = updateOf<string>('key_digest');
const updateSecret = updateOf<string>('client_secret_digest');
const updateOrigins = updateOf<string>('origins');
const updateColour = updateOf<string | null>('colour');
const updateLogo = statement((p: Binder<ById & { logo: string | null; digest: string | null }>) =>
  build
    .updateTable('apps')
    .set({ logo: p('logo'), logo_digest: p('digest') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);
const updateSignup = updateOf<Flag>('is_signup_open');
const updateOneAccount = updateOf<Flag>('is_one_account');

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('apps').select(columns).where('id', '=', p('id')),
);

/** Without an organization: the app key determines it. */
const selectByKey = statement((p: Binder<{ keyDigest: string }>) =>
  build.selectFrom('apps').select(columns).where('key_digest', '=', p('keyDigest')),
);

const selectWithSecret = statement((p: Binder<{ id: string }>) =>
  build
    .selectFrom('apps')
    .select([...columns, 'client_secret_digest as secretDigest'])
    .where('id', '=', p('id')),
);

const selectLogo = statement((p: Binder<{ id: string; digest: string }>) =>
  build.selectFrom('apps').select('logo').where('id', '=', p('id')).where('logo_digest', '=', p('digest')),
);

const selectFirst = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('apps').select(columns).orderBy('app_key').limit(1),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('apps').select(columns).orderBy('app_key'),
);

export class SqlAppStore implements AppStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(app: Omit<App, 'orgKey'>, { keyDigest, secretDigest }: AppDigests): Promise<App> {
    const orgKey = this.#orgKey;
    const { id, name, isSignupOpen, isOneAccount, origins, createdAt } = app;
    await this.#scope.executor.run(insertApp, {
      ...{ orgKey, id, name, keyDigest, secretDigest, createdAt },
      isSignupOpen: toFlag(isSignupOpen),
      isOneAccount: toFlag(isOneAccount),
      origins: JSON.stringify(origins),
    });
    return { ...app, orgKey };
  }

  find(appId: string): Promise<App | null> {
    return firstApp(this.#scope, selectOwn, { orgKey: this.#orgKey, id: appId });
  }

  async list(): Promise<readonly App[]> {
    return (await this.#scope.executor.rows(selectAllOwn, { orgKey: this.#orgKey })).map(toApp);
  }

  async getNames(appId: string): Promise<AppNames> {
    const names = await this.#scope.executor.first(selectNames, { orgKey: this.#orgKey, id: appId });
    if (names === undefined) throw new Error('the organization has no such app');
    return names;
  }

  getFirstId(): Promise<string> {
    return this.#scope.appKeys.getFirstId(this.#scope.executor, this.#orgKey);
  }

  async getFirst(): Promise<App> {
    const app = await firstApp(this.#scope, selectFirstOwn, { orgKey: this.#orgKey });
    if (app === null) throw new Error('the organization has no app');
    return app;
  }

  async update(appId: string, changes: AppChanges): Promise<boolean> {
    const { executor } = this.#scope;
    const own = { orgKey: this.#orgKey, id: appId };
    const { name, keyDigest, secretDigest, isSignupOpen, isOneAccount, origins, colour, logo } = changes;
    if (name !== undefined) await executor.run(updateName, { ...own, value: name });
    if (keyDigest !== undefined) await executor.run(updateKey, { ...own, value: keyDigest });
    if (secretDigest !== undefined) await executor.run(updateSecret, { ...own, value: secretDigest });
    if (isSignupOpen !== undefined) {
      await executor.run(updateSignup, { ...own, value: toFlag(isSignupOpen) });
    }
    if (isOneAccount !== undefined) {
      await executor.run(updateOneAccount, { ...own, value: toFlag(isOneAccount) });
    }
    if (origins !== undefined) {
      await executor.run(updateOrigins, { ...own, value: JSON.stringify(origins) });
    }
    if (colour !== undefined) await executor.run(updateColour, { ...own, value: colour });
    if (logo !== undefined) {
      const text = logo === null ? null : Buffer.from(logo.bytes).toString('base64');
      await executor.run(updateLogo, { ...own, logo: text, digest: logo?.digest ?? null });
    }
    return (await this.find(appId)) !== null;
  }
}

export class SqlAppDirectory implements AppDirectory {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  find(appId: string): Promise<App | null> {
    return firstApp(this.#scope, selectById, { id: appId });
  }

  findByKeyDigest(keyDigest: string): Promise<App | null> {
    return firstApp(this.#scope, selectByKey, { keyDigest });
  }

  async findWithSecret(appId: string): Promise<{ app: App; secretDigest: string | null } | null> {
    const row = await this.#scope.executor.first(selectWithSecret, { id: appId });
    if (row === undefined) return null;
    const { secretDigest, ...columns } = row;
    return { app: toApp(columns), secretDigest };
  }

  async findLogo(appId: string, digest: string): Promise<Uint8Array | null> {
    const row = await this.#scope.executor.first(selectLogo, { id: appId, digest });
    return row === undefined || row.logo === null ? null : Buffer.from(row.logo, 'base64');
  }

  findFirst(): Promise<App | null> {
    return firstApp(this.#scope, selectFirst, {});
  }

  async list(): Promise<readonly App[]> {
    return (await this.#scope.executor.rows(selectAll, {})).map(toApp);
  }
}

async function firstApp<P extends Values>(
  { executor }: Scope,
  query: Statement<P, AppRow>,
  values: P,
): Promise<App | null> {
  const row = await executor.first(query, values);
  return row === undefined ? null : toApp(row);
}

function toApp(row: AppRow): App {
  return {
    ...row,
    isSignupOpen: row.isSignupOpen === 1,
    isOneAccount: row.isOneAccount === 1,
    origins: JSON.parse(row.origins),
  };
}
