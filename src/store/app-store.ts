/**
 * Apps: those of one organization, and all of them for whoever knows no tenant yet. Apps are never deleted, so
 * "the first" stays the first.
 */
import type { App, AppDirectory, AppStore } from '../core/directory/organization.ts';
import type { OrgKey } from '../core/ids.ts';
import type { Scope } from './executor.ts';
import { toFlag } from './flag.ts';
import { type Binder, build, type Statement, statement, type Values } from './statement.ts';

const columns = [
  'org_key as orgKey',
  'id',
  'name',
  'is_signup_open as isSignupOpen',
  'created_at as createdAt',
] as const;

type AppRow = Omit<App, 'isSignupOpen'> & { readonly isSignupOpen: number };

const insertApp = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      name: string;
      keyDigest: string;
      isSignupOpen: 0 | 1;
      createdAt: number;
    }>,
  ) =>
    build.insertInto('apps').values({
      org_key: p('orgKey'),
      id: p('id'),
      name: p('name'),
      key_digest: p('keyDigest'),
      is_signup_open: p('isSignupOpen'),
      created_at: p('createdAt'),
    }),
);

const selectOwn = statement((p: Binder<{ orgKey: number; id: string }>) =>
  build.selectFrom('apps').select(columns).where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

/** By order of creation, which the internal key is. */
const selectFirstOwn = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('apps').select(columns).where('org_key', '=', p('orgKey')).orderBy('app_key').limit(1),
);

const updateKey = statement((p: Binder<{ orgKey: number; id: string; keyDigest: string }>) =>
  build
    .updateTable('apps')
    .set({ key_digest: p('keyDigest') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const updateSignup = statement((p: Binder<{ orgKey: number; id: string; isSignupOpen: 0 | 1 }>) =>
  build
    .updateTable('apps')
    .set({ is_signup_open: p('isSignupOpen') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('apps').select(columns).where('id', '=', p('id')),
);

/** The app key is what says which organization is meant. */
const selectByKey = statement((p: Binder<{ keyDigest: string }>) =>
  build.selectFrom('apps').select(columns).where('key_digest', '=', p('keyDigest')),
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

  async insert(app: Omit<App, 'orgKey'>, keyDigest: string): Promise<App> {
    const orgKey = this.#orgKey;
    const { id, name, isSignupOpen, createdAt } = app;
    await this.#scope.executor.run(insertApp, {
      orgKey,
      id,
      name,
      keyDigest,
      isSignupOpen: toFlag(isSignupOpen),
      createdAt,
    });
    return { ...app, orgKey };
  }

  find(appId: string): Promise<App | null> {
    return firstApp(this.#scope, selectOwn, { orgKey: this.#orgKey, id: appId });
  }

  async getFirst(): Promise<App> {
    const app = await firstApp(this.#scope, selectFirstOwn, { orgKey: this.#orgKey });
    if (app === null) throw new Error('the organization has no app');
    return app;
  }

  async update(
    appId: string,
    changes: { readonly keyDigest?: string; readonly isSignupOpen?: boolean },
  ): Promise<boolean> {
    const { executor } = this.#scope;
    const orgKey = this.#orgKey;
    const { keyDigest, isSignupOpen } = changes;
    if (keyDigest !== undefined) {
      const changed = await executor.run(updateKey, { orgKey, id: appId, keyDigest });
      if (changed === 0) return false;
    }
    if (isSignupOpen !== undefined) {
      const changed = await executor.run(updateSignup, {
        orgKey,
        id: appId,
        isSignupOpen: toFlag(isSignupOpen),
      });
      if (changed === 0) return false;
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
  return { ...row, isSignupOpen: row.isSignupOpen === 1 };
}
