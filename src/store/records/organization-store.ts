/** The organizations. */
import type { Organization, OrganizationStore } from '../../core/directory/organization.ts';
import { refuse } from '../../core/errors.ts';
import { newOrgKey, type OrgKey } from '../../core/ids.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = ['org_key as key', 'id', 'name', 'created_at as createdAt'] as const;

const insertOrganization = statement(
  (p: Binder<{ orgKey: number; id: string; name: string; createdAt: number }>) =>
    build
      .insertInto('organizations')
      .values({ org_key: p('orgKey'), id: p('id'), name: p('name'), created_at: p('createdAt') })
      .onConflict((conflict) => conflict.column('org_key').doNothing()),
);

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('organizations').select(columns).where('id', '=', p('id')),
);

const selectByKey = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('organizations').select(columns).where('org_key', '=', p('orgKey')),
);

const updateName = statement((p: Binder<{ id: string; name: string }>) =>
  build
    .updateTable('organizations')
    .set({ name: p('name') })
    .where('id', '=', p('id')),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('organizations').select(columns).orderBy('seq'),
);

const selectPage = statement((p: Binder<{ offset: number; size: number }>) =>
  build.selectFrom('organizations').select(columns).orderBy('seq').limit(p('size')).offset(p('offset')),
);

const countAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('organizations').select((row) => row.fn.countAll<number>().as('total')),
);

export class SqlOrganizationStore implements OrganizationStore {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async insert(organization: Omit<Organization, 'key'>): Promise<Organization> {
    for (;;) {
      const orgKey = newOrgKey();
      const { id, name, createdAt } = organization;
      const added = await this.#scope.executor.run(insertOrganization, { orgKey, id, name, createdAt });
      if (added === 1) return { key: orgKey, id, name, createdAt };
    }
  }

  async findById(id: string): Promise<Organization | null> {
    return (await this.#scope.executor.first(selectById, { id })) ?? null;
  }

  async getByKey(orgKey: OrgKey): Promise<Organization> {
    const found = await this.#scope.executor.first(selectByKey, { orgKey });
    if (found === undefined) throw refuse('not_found', { noun: 'organization' });
    return found;
  }

  async findFirst(): Promise<Organization | null> {
    return (await this.#scope.executor.first(selectPage, { offset: 0, size: 1 })) ?? null;
  }

  async rename(id: string, name: string): Promise<boolean> {
    return (await this.#scope.executor.run(updateName, { id, name })) === 1;
  }

  async listByKeys(keys: readonly OrgKey[]): Promise<readonly Organization[]> {
    const { executor } = this.#scope;
    const found = await Promise.all(keys.map((orgKey) => executor.first(selectByKey, { orgKey })));
    return found.filter((organization) => organization !== undefined);
  }

  list(): Promise<readonly Organization[]> {
    return this.#scope.executor.rows(selectAll, {});
  }

  page(offset: number, size: number): Promise<{ items: readonly Organization[]; total: number }> {
    return this.#scope.executor.snapshot(async (view) => {
      const items = await view.rows(selectPage, { offset, size });
      return { items, total: Number((await view.first(countAll, {}))?.total ?? 0) };
    });
  }
}
