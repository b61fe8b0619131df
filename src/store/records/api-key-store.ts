/** API keys: found by their digest before the organization is known, and changed within their organization. */
import type { ApiKey, ApiKeyDirectory, ApiKeyStore } from '../../core/access/api-key.ts';
import type { KeyRole } from '../../core/access/principal.ts';
import type { OrgKey } from '../../core/ids.ts';
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
    }),
);

/** A revoked key stays revoked: it cannot get a new secret. */
const updateDigest = statement((p: Binder<{ orgKey: number; id: string; digest: string }>) =>
  build
    .updateTable('api_keys')
    .set({ digest: p('digest') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('revoked_at', 'is', null),
);

/** Only the first revocation counts. A second one would change the time of the first. */
const updateRevoked = statement((p: Binder<{ orgKey: number; id: string; at: number }>) =>
  build
    .updateTable('api_keys')
    .set({ revoked_at: p('at') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('revoked_at', 'is', null),
);

/** Without an organization: the key determines it. */
const selectByDigest = statement(
  (p: Binder<{ digest: string }>) =>
    build.selectFrom('api_keys').select(columns).where('digest', '=', p('digest')),
  { memoizedBy: 'digest' },
);

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('api_keys').select(columns).where('id', '=', p('id')),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('api_keys').select(columns).orderBy('seq'),
);

export class SqlApiKeyStore implements ApiKeyStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(key: Omit<ApiKey, 'orgKey'>, digest: string): Promise<ApiKey> {
    const { id, role, createdAt, expiresAt, revokedAt } = key;
    const row = { orgKey: this.#orgKey, id, role, createdAt, expiresAt, revokedAt };
    await this.#scope.executor.run(insertKey, { ...row, digest });
    return row;
  }

  async replaceDigest(keyId: string, digest: string): Promise<boolean> {
    const values = { orgKey: this.#orgKey, id: keyId, digest };
    return (await this.#scope.executor.run(updateDigest, values)) === 1;
  }

  async revoke(keyId: string, at: number): Promise<boolean> {
    const values = { orgKey: this.#orgKey, id: keyId, at };
    return (await this.#scope.executor.run(updateRevoked, values)) === 1;
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

  async find(keyId: string): Promise<ApiKey | null> {
    return (await this.#scope.executor.first(selectById, { id: keyId })) ?? null;
  }

  list(): Promise<readonly ApiKey[]> {
    return this.#scope.executor.rows(selectAll, {});
  }
}
