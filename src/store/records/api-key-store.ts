/** API keys: found by their digest before the organization is known, and changed within their organization. */
import { sql } from 'kysely';
import type { KeyRole } from '../../core/access/principal.ts';
import type { OrgKey } from '../../core/ids.ts';
import type { ApiKey, ApiKeyDirectory, ApiKeyStore, KeyDossier, KeyUse } from '../../core/keys/api-key.ts';
import { skewMs } from '../../core/time.ts';
import { type Flag, toFlag } from '../schema/flag.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

const columns = [
  'org_key as orgKey',
  'id',
  'role',
  'created_at as createdAt',
  'expires_at as expiresAt',
  'revoked_at as revokedAt',
] as const;

const dossierColumns = [
  ...columns,
  'name',
  'used_at as usedAt',
  'network',
  'former_until as formerUntil',
  'former_used_at as formerUsedAt',
] as const;

const insertKey = statement(
  (
    p: Binder<{
      orgKey: number;
      id: string;
      role: KeyRole;
      digest: string;
      createdAt: number;
      expiresAt: number | null;
      revokedAt: number | null;
      name: string | null;
    }>,
  ) =>
    build.insertInto('api_keys').values({
      org_key: p('orgKey'),
      id: p('id'),
      role: p('role'),
      digest: p('digest'),
      created_at: p('createdAt'),
      expires_at: p('expiresAt'),
      revoked_at: p('revokedAt'),
      name: p('name'),
    }),
);

type ById = { orgKey: number; id: string };

/** A revoked key stays revoked: it cannot get a new secret. The replaced secret takes the last use with it. */
const updateDigest = statement(
  (p: Binder<ById & { digest: string; keepsFormer: Flag; formerUntil: number | null }>) =>
    build
      .updateTable('api_keys')
      .set((row) => ({
        digest: p('digest'),
        former_digest: row
          .case()
          .when(p('keepsFormer'), '=', sql<Flag>`1`)
          .then(row.ref('digest'))
          .else(null)
          .end(),
        former_until: p('formerUntil'),
        former_used_at: row.ref('used_at'),
        used_at: null,
        network: null,
      }))
      .where('org_key', '=', p('orgKey'))
      .where('id', '=', p('id'))
      .where('revoked_at', 'is', null),
);

const updateKey = statement((p: Binder<ById & { name: string | null; expiresAt: number | null }>) =>
  build
    .updateTable('api_keys')
    .set({ name: p('name'), expires_at: p('expiresAt') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('revoked_at', 'is', null),
);

const endFormer = statement((p: Binder<ById>) =>
  build
    .updateTable('api_keys')
    .set({ former_digest: null, former_until: null })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('former_until', 'is not', null),
);

/** Only the first revocation counts. A second one would change the time of the first. */
const updateRevoked = statement((p: Binder<ById & { at: number }>) =>
  build
    .updateTable('api_keys')
    .set({ revoked_at: p('at'), former_digest: null, former_until: null })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('revoked_at', 'is', null),
);

type Use = { orgKey: number; digest: string; hour: number; network: string; ahead: number };

/** Of several processes that note a use in one hour, the first writes. */
const noteUse = statement((p: Binder<Use>) =>
  build
    .updateTable('api_keys')
    .set({ used_at: p('hour'), network: p('network') })
    .where('digest', '=', p('digest'))
    .where('org_key', '=', p('orgKey'))
    .where((row) =>
      row.or([row('used_at', 'is', null), row('used_at', '<', p('hour')), row('used_at', '>', p('ahead'))]),
    ),
);

const noteFormerUse = statement((p: Binder<Omit<Use, 'network'>>) =>
  build
    .updateTable('api_keys')
    .set({ former_used_at: p('hour') })
    .where('former_digest', '=', p('digest'))
    .where('org_key', '=', p('orgKey'))
    .where((row) =>
      row.or([
        row('former_used_at', 'is', null),
        row('former_used_at', '<', p('hour')),
        row('former_used_at', '>', p('ahead')),
      ]),
    ),
);

/** Without an organization: the key determines it. */
const selectByDigest = statement(
  (p: Binder<{ digest: string }>) =>
    build.selectFrom('api_keys').select(columns).where('digest', '=', p('digest')),
  { memoizedBy: 'digest' },
);

const selectByFormer = statement((p: Binder<{ digest: string; now: number }>) =>
  build
    .selectFrom('api_keys')
    .select(columns)
    .where('former_digest', '=', p('digest'))
    .where('former_until', '>', p('now')),
);

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('api_keys').select(dossierColumns).where('id', '=', p('id')),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('api_keys').select(dossierColumns).orderBy('seq'),
);

const selectOwn = statement((p: Binder<ById>) =>
  build
    .selectFrom('api_keys')
    .select(dossierColumns)
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const selectAllOwn = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('api_keys').select(dossierColumns).where('org_key', '=', p('orgKey')).orderBy('seq'),
);

export class SqlApiKeyStore implements ApiKeyStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(
    key: Omit<ApiKey, 'orgKey'> & { readonly name?: string | null },
    digest: string,
  ): Promise<ApiKey> {
    const { id, role, createdAt, expiresAt, revokedAt, name = null } = key;
    const row = { orgKey: this.#orgKey, id, role, createdAt, expiresAt, revokedAt };
    await this.#scope.executor.run(insertKey, { ...row, digest, name });
    return row;
  }

  async find(keyId: string): Promise<KeyDossier | null> {
    return (await this.#scope.executor.first(selectOwn, this.#named(keyId))) ?? null;
  }

  list(): Promise<readonly KeyDossier[]> {
    return this.#scope.executor.rows(selectAllOwn, { orgKey: this.#orgKey });
  }

  async update(keyId: string, { name, expiresAt }: Pick<KeyDossier, 'name' | 'expiresAt'>): Promise<boolean> {
    const values = { ...this.#named(keyId), name, expiresAt };
    return (await this.#scope.executor.run(updateKey, values)) === 1;
  }

  async replaceDigest(keyId: string, digest: string, formerUntil: number | null = null): Promise<boolean> {
    const keepsFormer = toFlag(formerUntil !== null);
    const values = { ...this.#named(keyId), digest, keepsFormer, formerUntil };
    return (await this.#scope.executor.run(updateDigest, values)) === 1;
  }

  async endFormer(keyId: string): Promise<boolean> {
    return (await this.#scope.executor.run(endFormer, this.#named(keyId))) === 1;
  }

  async revoke(keyId: string, at: number): Promise<boolean> {
    return (await this.#scope.executor.run(updateRevoked, { ...this.#named(keyId), at })) === 1;
  }

  async noteUse({ digest, hour, network }: KeyUse, now: number): Promise<void> {
    const values = { orgKey: this.#orgKey, digest, hour, ahead: now + skewMs };
    const noted = await this.#scope.executor.run(noteUse, { ...values, network });
    if (noted === 0) await this.#scope.executor.run(noteFormerUse, values);
  }

  #named(id: string): ById {
    return { orgKey: this.#orgKey, id };
  }
}

export class SqlApiKeyDirectory implements ApiKeyDirectory {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async findByDigest(digest: string): Promise<ApiKey | null> {
    return (await this.#scope.executor.first(selectByDigest, { digest })) ?? null;
  }

  async findByFormerDigest(digest: string, now: number): Promise<ApiKey | null> {
    return (await this.#scope.executor.first(selectByFormer, { digest, now })) ?? null;
  }

  async find(keyId: string): Promise<KeyDossier | null> {
    return (await this.#scope.executor.first(selectById, { id: keyId })) ?? null;
  }

  list(): Promise<readonly KeyDossier[]> {
    return this.#scope.executor.rows(selectAll, {});
  }
}
