/** What staff accounts prove themselves with: passkeys and recovery codes, and the one-time links that begin an enrolment. */
import type { OrgKey } from '../../../core/ids.ts';
import type { Passkey, StaffFactorStore, StaffLink } from '../../../core/staff/staff-account.ts';
import { type Flag, toFlag } from '../../schema/flag.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type Tenant = { orgKey: number };
type OfStaff = Tenant & { staffId: string };
type ByDigest = Tenant & { digest: string };

const insertPasskey = statement(
  (
    p: Binder<
      OfStaff & {
        id: string;
        credentialId: string;
        publicKey: string;
        signs: number;
        transports: string;
        name: string;
        isSynced: Flag;
        createdAt: number;
        usedAt: number | null;
      }
    >,
  ) =>
    build.insertInto('staff_passkeys').values({
      org_key: p('orgKey'),
      id: p('id'),
      staff_id: p('staffId'),
      credential_id: p('credentialId'),
      public_key: p('publicKey'),
      signs: p('signs'),
      transports: p('transports'),
      name: p('name'),
      is_synced: p('isSynced'),
      created_at: p('createdAt'),
      used_at: p('usedAt'),
    }),
);

const selectPasskeys = statement((p: Binder<OfStaff>) =>
  build
    .selectFrom('staff_passkeys')
    .select([
      'id',
      'staff_id as staffId',
      'credential_id as credentialId',
      'public_key as publicKey',
      'signs',
      'transports',
      'name',
      'is_synced as isSynced',
      'created_at as createdAt',
      'used_at as usedAt',
    ])
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .orderBy('created_at')
    .orderBy('id'),
);

const updatePasskey = statement((p: Binder<Tenant & { id: string; signs: number; at: number }>) =>
  build
    .updateTable('staff_passkeys')
    .set({ signs: p('signs'), used_at: p('at') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const deletePasskey = statement((p: Binder<OfStaff & { id: string }>) =>
  build
    .deleteFrom('staff_passkeys')
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('staff_id', '=', p('staffId')),
);

const deletePasskeys = statement((p: Binder<OfStaff>) =>
  build.deleteFrom('staff_passkeys').where('org_key', '=', p('orgKey')).where('staff_id', '=', p('staffId')),
);

const insertCode = statement((p: Binder<OfStaff & { digest: string }>) =>
  build
    .insertInto('staff_recovery_codes')
    .values({ org_key: p('orgKey'), staff_id: p('staffId'), digest: p('digest') }),
);

const deleteCodes = statement((p: Binder<OfStaff>) =>
  build
    .deleteFrom('staff_recovery_codes')
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId')),
);

const deleteCode = statement((p: Binder<OfStaff & { digest: string }>) =>
  build
    .deleteFrom('staff_recovery_codes')
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .where('digest', '=', p('digest')),
);

const countCodes = statement((p: Binder<OfStaff>) =>
  build
    .selectFrom('staff_recovery_codes')
    .select((row) => row.fn.countAll<number>().as('count'))
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId')),
);

const insertLink = statement((p: Binder<OfStaff & ByDigest & { expiresAt: number }>) =>
  build.insertInto('staff_links').values({
    org_key: p('orgKey'),
    digest: p('digest'),
    staff_id: p('staffId'),
    expires_at: p('expiresAt'),
  }),
);

const deleteLinks = statement((p: Binder<OfStaff>) =>
  build.deleteFrom('staff_links').where('org_key', '=', p('orgKey')).where('staff_id', '=', p('staffId')),
);

const selectLink = statement((p: Binder<ByDigest>) =>
  build
    .selectFrom('staff_links')
    .select(['staff_id as staffId', 'expires_at as expiresAt'])
    .where('org_key', '=', p('orgKey'))
    .where('digest', '=', p('digest')),
);

const deleteLink = statement((p: Binder<ByDigest>) =>
  build.deleteFrom('staff_links').where('org_key', '=', p('orgKey')).where('digest', '=', p('digest')),
);

const clearTotp = statement((p: Binder<OfStaff>) =>
  build
    .updateTable('staff_accounts')
    .set({ sealed_totp: null, totp_step: null })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('staffId')),
);

/** Stands in the place of the digest of a link that was used. It is the digest of no token. */
function usedDigest(staffId: string): string {
  return `used ${staffId}`;
}

export class SqlStaffFactorStore implements StaffFactorStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insertPasskey(passkey: Passkey): Promise<void> {
    await this.#scope.executor.run(insertPasskey, {
      ...passkey,
      orgKey: this.#orgKey,
      transports: passkey.transports.join(','),
      isSynced: toFlag(passkey.isSynced),
    });
  }

  async listPasskeys(staffId: string): Promise<readonly Passkey[]> {
    const rows = await this.#scope.executor.rows(selectPasskeys, this.#of(staffId));
    return rows.map((row) => ({
      ...row,
      transports: row.transports === '' ? [] : row.transports.split(','),
      isSynced: row.isSynced === 1,
    }));
  }

  async notePasskey(id: string, use: { readonly signs: number; readonly at: number }): Promise<void> {
    await this.#scope.executor.run(updatePasskey, { orgKey: this.#orgKey, id, ...use });
  }

  async removePasskey(staffId: string, id: string): Promise<boolean> {
    return (await this.#scope.executor.run(deletePasskey, { ...this.#of(staffId), id })) === 1;
  }

  async replaceCodes(staffId: string, digests: readonly string[]): Promise<void> {
    const { executor } = this.#scope;
    await executor.run(deleteCodes, this.#of(staffId));
    for (const digest of digests) await executor.run(insertCode, { ...this.#of(staffId), digest });
  }

  async consumeCode(staffId: string, digest: string): Promise<boolean> {
    return (await this.#scope.executor.run(deleteCode, { ...this.#of(staffId), digest })) === 1;
  }

  async countCodes(staffId: string): Promise<number> {
    return (await this.#scope.executor.first(countCodes, this.#of(staffId)))?.count ?? 0;
  }

  async replaceLink({ staffId, expiresAt }: StaffLink, digest: string): Promise<void> {
    const { executor } = this.#scope;
    await executor.run(deleteLinks, this.#of(staffId));
    await executor.run(insertLink, { ...this.#of(staffId), digest, expiresAt });
  }

  async findLink(digest: string): Promise<StaffLink | null> {
    return (await this.#scope.executor.first(selectLink, { orgKey: this.#orgKey, digest })) ?? null;
  }

  async consumeLink(digest: string): Promise<boolean> {
    const { executor } = this.#scope;
    const link = await this.findLink(digest);
    if (link === null || (await executor.run(deleteLink, { orgKey: this.#orgKey, digest })) !== 1)
      return false;
    await executor.run(insertLink, { orgKey: this.#orgKey, ...link, digest: usedDigest(link.staffId) });
    return true;
  }

  findUsedLink(staffId: string): Promise<StaffLink | null> {
    return this.findLink(usedDigest(staffId));
  }

  async dropAll(staffId: string): Promise<void> {
    const { executor } = this.#scope;
    for (const each of [deletePasskeys, deleteCodes, clearTotp]) await executor.run(each, this.#of(staffId));
  }

  #of(staffId: string): OfStaff {
    return { orgKey: this.#orgKey, staffId };
  }
}
