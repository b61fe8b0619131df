/** Staff accounts: those of one organization, and all of them for a sign-in, which knows no organization yet. */
import type { StaffRole } from '../../../core/access/principal.ts';
import { canonicalEmail } from '../../../core/directory/email-address.ts';
import { refuse } from '../../../core/errors.ts';
import type { OrgKey } from '../../../core/ids.ts';
import type {
  StaffAccount,
  StaffChanges,
  StaffDirectory,
  StaffStore,
} from '../../../core/staff/staff-account.ts';
import { type Binder, build, statement, type Value } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

const columns = [
  'org_key as orgKey',
  'id',
  'email',
  'name',
  'role',
  'password_hash as passwordHash',
  'sealed_totp as sealedTotp',
  'created_at as createdAt',
  'enrolled_at as enrolledAt',
] as const;

type Tenant = { orgKey: number };
type ById = Tenant & { id: string };

const insertAccount = statement(
  (
    p: Binder<
      ById & {
        email: string;
        emailKey: string;
        name: string;
        role: StaffRole;
        passwordHash: string | null;
        sealedTotp: string | null;
        createdAt: number;
        enrolledAt: number | null;
      }
    >,
  ) =>
    build
      .insertInto('staff_accounts')
      .values({
        org_key: p('orgKey'),
        id: p('id'),
        email: p('email'),
        email_key: p('emailKey'),
        name: p('name'),
        role: p('role'),
        password_hash: p('passwordHash'),
        sealed_totp: p('sealedTotp'),
        created_at: p('createdAt'),
        enrolled_at: p('enrolledAt'),
      })
      .onConflict((conflict) => conflict.columns(['org_key', 'email_key']).doNothing()),
);

const ownById = (p: Binder<ById>) =>
  build
    .selectFrom('staff_accounts')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'));
const selectOwn = statement((p: Binder<ById>) => ownById(p));
const lockOwn = statement((p: Binder<ById>) => ownById(p).forUpdate());

const selectOfTenant = statement((p: Binder<Tenant>) =>
  build
    .selectFrom('staff_accounts')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .orderBy('created_at')
    .orderBy('id'),
);

/** In the order of the ids, so that two changes never wait for each other. */
const lockOwners = statement((p: Binder<Tenant>) =>
  build
    .selectFrom('staff_accounts')
    .select('id')
    .where('org_key', '=', p('orgKey'))
    .where('role', '=', 'owner')
    .orderBy('id')
    .forUpdate(),
);

const updateOf = <V extends Value>(
  column: 'role' | 'name' | 'password_hash' | 'sealed_totp' | 'enrolled_at',
) =>
  statement((p: Binder<ById & { value: V }>) =>
    build
      .updateTable('staff_accounts')
      .set({ [column]: p('value') })
      .where('org_key', '=', p('orgKey'))
      .where('id', '=', p('id')),
  );
const updateEmail = statement((p: Binder<ById & { email: string; emailKey: string }>) =>
  build
    .updateTable('staff_accounts')
    .set({ email: p('email'), email_key: p('emailKey') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .returning('id'),
);
const updateRole = updateOf<StaffRole>('role');
const updateName = updateOf<string>('name');
const updatePassword = updateOf<string | null>('password_hash');
const updateTotp = updateOf<string | null>('sealed_totp');
const updateEnrolled = updateOf<number | null>('enrolled_at');

/** Only moves forward, so of two requests with one code the database lets one win. */
const updateStep = statement((p: Binder<ById & { step: number }>) =>
  build
    .updateTable('staff_accounts')
    .set({ totp_step: p('step') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where((row) => row.or([row('totp_step', 'is', null), row('totp_step', '<', p('step'))])),
);

const dependents = [
  'staff_sessions',
  'staff_links',
  'staff_recovery_codes',
  'staff_passkeys',
  'staff_networks',
] as const;
const deleteDependents = dependents.map((table) =>
  statement((p: Binder<Tenant & { staffId: string }>) =>
    build.deleteFrom(table).where('org_key', '=', p('orgKey')).where('staff_id', '=', p('staffId')),
  ),
);
const deleteAccount = statement((p: Binder<ById>) =>
  build.deleteFrom('staff_accounts').where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

type OfNetwork = Tenant & { staffId: string; network: string };

const selectNetwork = statement((p: Binder<OfNetwork & { since: number }>) =>
  build
    .selectFrom('staff_networks')
    .select('used_at')
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .where('network', '=', p('network'))
    .where('used_at', '>', p('since')),
);

const upsertNetwork = statement((p: Binder<OfNetwork & { usedAt: number }>) =>
  build
    .insertInto('staff_networks')
    .values({ org_key: p('orgKey'), staff_id: p('staffId'), network: p('network'), used_at: p('usedAt') })
    .onConflict((conflict) =>
      conflict
        .columns(['org_key', 'staff_id', 'network'])
        .doUpdateSet((row) => ({ used_at: row.ref('excluded.used_at') })),
    ),
);

/** Without an organization: a sign-in names only the address. */
const selectByEmail = statement((p: Binder<{ emailKey: string }>) =>
  build
    .selectFrom('staff_accounts')
    .select(columns)
    .where('email_key', '=', p('emailKey'))
    .orderBy('created_at')
    .orderBy('id'),
);

const selectById = statement((p: Binder<{ id: string }>) =>
  build.selectFrom('staff_accounts').select(columns).where('id', '=', p('id')),
);

const selectAny = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('staff_accounts').select('id').limit(1),
);

const selectAll = statement((_: Binder<Record<never, never>>) =>
  build.selectFrom('staff_accounts').select(columns).orderBy('org_key').orderBy('created_at').orderBy('id'),
);

export class SqlStaffStore implements StaffStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(account: Omit<StaffAccount, 'orgKey'>): Promise<StaffAccount> {
    const whole = { ...account, orgKey: this.#orgKey };
    const row = { ...whole, emailKey: canonicalEmail(account.email) };
    if ((await this.#scope.executor.insert(insertAccount, row)) === undefined) {
      throw refuse('email_taken', {});
    }
    return whole;
  }

  async find(staffId: string): Promise<StaffAccount | null> {
    return (await this.#scope.executor.first(selectOwn, this.#own(staffId))) ?? null;
  }

  async lock(staffId: string): Promise<StaffAccount | null> {
    return (await this.#scope.executor.first(lockOwn, this.#own(staffId))) ?? null;
  }

  list(): Promise<readonly StaffAccount[]> {
    return this.#scope.executor.rows(selectOfTenant, { orgKey: this.#orgKey });
  }

  async lockOwners(): Promise<readonly string[]> {
    const rows = await this.#scope.executor.rows(lockOwners, { orgKey: this.#orgKey });
    return rows.map(({ id }) => id);
  }

  async update(staffId: string, changes: StaffChanges): Promise<void> {
    const { executor } = this.#scope;
    const own = this.#own(staffId);
    const { email, role, name, passwordHash, sealedTotp, enrolledAt } = changes;
    if (email !== undefined) await this.#setEmail(own, email);
    if (role !== undefined) await executor.run(updateRole, { ...own, value: role });
    if (name !== undefined) await executor.run(updateName, { ...own, value: name });
    if (passwordHash !== undefined) await executor.run(updatePassword, { ...own, value: passwordHash });
    if (sealedTotp !== undefined) await executor.run(updateTotp, { ...own, value: sealedTotp });
    if (enrolledAt !== undefined) await executor.run(updateEnrolled, { ...own, value: enrolledAt });
  }

  async remove(staffId: string): Promise<boolean> {
    const { executor } = this.#scope;
    for (const each of deleteDependents) await executor.run(each, { orgKey: this.#orgKey, staffId });
    return (await executor.run(deleteAccount, this.#own(staffId))) === 1;
  }

  async consumeTotpStep(staffId: string, step: number): Promise<boolean> {
    return (await this.#scope.executor.run(updateStep, { ...this.#own(staffId), step })) === 1;
  }

  async isKnownNetwork(staffId: string, network: string, since: number): Promise<boolean> {
    const values = { orgKey: this.#orgKey, staffId, network, since };
    return (await this.#scope.executor.first(selectNetwork, values)) !== undefined;
  }

  async noteNetwork(staffId: string, network: string, at: number): Promise<void> {
    const values = { orgKey: this.#orgKey, staffId, network, usedAt: at };
    await this.#scope.executor.run(upsertNetwork, values);
  }

  async #setEmail(own: ById, email: string): Promise<void> {
    const { executor } = this.#scope;
    try {
      await executor.firstInSavepoint(updateEmail, { ...own, email, emailKey: canonicalEmail(email) });
    } catch (error) {
      // SQLite names the column, and PostgreSQL the index.
      const isTaken = ['email_key', 'email'].some((key) => executor.isTaken(error, 'staff_accounts', key));
      throw isTaken ? refuse('email_taken', {}) : error;
    }
  }

  #own(staffId: string): ById {
    return { orgKey: this.#orgKey, id: staffId };
  }
}

export class SqlStaffDirectory implements StaffDirectory {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  listByEmail(email: string): Promise<readonly StaffAccount[]> {
    return this.#scope.executor.rows(selectByEmail, { emailKey: canonicalEmail(email) });
  }

  async find(staffId: string): Promise<StaffAccount | null> {
    return (await this.#scope.executor.first(selectById, { id: staffId })) ?? null;
  }

  async isAnyThere(): Promise<boolean> {
    return (await this.#scope.executor.first(selectAny, {})) !== undefined;
  }

  list(): Promise<readonly StaffAccount[]> {
    return this.#scope.executor.rows(selectAll, {});
  }
}
