/** The sessions of staff accounts, by the digest of their token. A look-up also reads the role, because every request needs it. */
import type { OrgKey } from '../../../core/ids.ts';
import {
  type StaffOfSession,
  type StaffSession,
  type StaffSessionStore,
  type StaffStage,
  staffSessionEnd,
} from '../../../core/staff/staff-session.ts';
import { type Binder, build, statement } from '../../sql/statement.ts';
import type { Scope } from '../../users/scope.ts';

type Tenant = { orgKey: number };
type ById = Tenant & { id: string };
type OfStaff = Tenant & { staffId: string };

const columns = [
  'staff_sessions.id',
  'staff_sessions.staff_id as staffId',
  'staff_sessions.stage',
  'staff_sessions.network',
  'staff_sessions.started_at as startedAt',
  'staff_sessions.last_used_at as lastUsedAt',
  'staff_sessions.factor_at as factorAt',
  'staff_sessions.sealed_totp as sealedTotp',
] as const;

const insertSession = statement(
  (
    p: Binder<
      ById &
        OfStaff & {
          digest: string;
          stage: StaffStage;
          network: string;
          startedAt: number;
          lastUsedAt: number;
          expiresAt: number;
          factorAt: number | null;
          sealedTotp: string | null;
        }
    >,
  ) =>
    build.insertInto('staff_sessions').values({
      org_key: p('orgKey'),
      digest: p('digest'),
      id: p('id'),
      staff_id: p('staffId'),
      stage: p('stage'),
      network: p('network'),
      started_at: p('startedAt'),
      last_used_at: p('lastUsedAt'),
      expires_at: p('expiresAt'),
      factor_at: p('factorAt'),
      sealed_totp: p('sealedTotp'),
    }),
);

/** Session and role in one statement, because this runs for every request. */
const selectByDigest = statement((p: Binder<Tenant & { digest: string }>) =>
  build
    .selectFrom('staff_sessions')
    .innerJoin('staff_accounts', (join) =>
      join
        .onRef('staff_accounts.org_key', '=', 'staff_sessions.org_key')
        .onRef('staff_accounts.id', '=', 'staff_sessions.staff_id'),
    )
    .select([...columns, 'staff_accounts.role'])
    .where('staff_sessions.org_key', '=', p('orgKey'))
    .where('staff_sessions.digest', '=', p('digest')),
);

const selectById = statement((p: Binder<ById>) =>
  build
    .selectFrom('staff_sessions')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

/** Only moves the time forward, because requests may arrive out of order. */
const updateUse = statement((p: Binder<ById & { at: number; expiresAt: number }>) =>
  build
    .updateTable('staff_sessions')
    .set({ last_used_at: p('at'), expires_at: p('expiresAt') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('last_used_at', '<', p('at')),
);

const updateFactor = statement((p: Binder<ById & { at: number }>) =>
  build
    .updateTable('staff_sessions')
    .set({ factor_at: p('at') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const updateChallenge = statement((p: Binder<ById & { challenge: string }>) =>
  build
    .updateTable('staff_sessions')
    .set({ challenge_digest: p('challenge') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const consumeChallenge = statement((p: Binder<ById & { challenge: string }>) =>
  build
    .updateTable('staff_sessions')
    .set({ challenge_digest: null })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id'))
    .where('challenge_digest', '=', p('challenge')),
);

const updateTotp = statement((p: Binder<ById & { sealed: string | null }>) =>
  build
    .updateTable('staff_sessions')
    .set({ sealed_totp: p('sealed') })
    .where('org_key', '=', p('orgKey'))
    .where('id', '=', p('id')),
);

const deleteSession = statement((p: Binder<ById>) =>
  build.deleteFrom('staff_sessions').where('org_key', '=', p('orgKey')).where('id', '=', p('id')),
);

/** No session has an empty id, so an `except` of '' deletes all. */
const deleteOfStaff = statement((p: Binder<OfStaff & { except: string }>) =>
  build
    .deleteFrom('staff_sessions')
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .where('id', '<>', p('except')),
);

/** The newest sessions stay; the order also decides between those of one instant. */
const deleteOlder = statement((p: Binder<OfStaff & { keep: number }>) =>
  build
    .deleteFrom('staff_sessions')
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .where(
      'id',
      'not in',
      build
        .selectFrom('staff_sessions')
        .select('id')
        .where('org_key', '=', p('orgKey'))
        .where('staff_id', '=', p('staffId'))
        .orderBy('started_at', 'desc')
        .orderBy('id', 'desc')
        .limit(p('keep')),
    ),
);

const selectOfStaff = statement((p: Binder<OfStaff>) =>
  build
    .selectFrom('staff_sessions')
    .select(columns)
    .where('org_key', '=', p('orgKey'))
    .where('staff_id', '=', p('staffId'))
    .orderBy('started_at')
    .orderBy('id'),
);

export class SqlStaffSessionStore implements StaffSessionStore {
  readonly #scope: Scope;
  readonly #orgKey: OrgKey;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.#orgKey = orgKey;
  }

  async insert(session: StaffSession, digest: string): Promise<void> {
    const values = { ...session, orgKey: this.#orgKey, digest, expiresAt: staffSessionEnd(session) };
    await this.#scope.executor.run(insertSession, values);
  }

  async findByDigest(digest: string): Promise<StaffOfSession | null> {
    const row = await this.#scope.executor.first(selectByDigest, { orgKey: this.#orgKey, digest });
    if (row === undefined) return null;
    const { role, ...session } = row;
    return { session, role };
  }

  async noteUse(sessionId: string, at: number): Promise<void> {
    const { executor } = this.#scope;
    const session = await executor.first(selectById, this.#own(sessionId));
    if (session === undefined) return;
    const expiresAt = staffSessionEnd({ ...session, lastUsedAt: at });
    await executor.run(updateUse, { ...this.#own(sessionId), at, expiresAt });
  }

  async noteFactor(sessionId: string, at: number): Promise<boolean> {
    return (await this.#scope.executor.run(updateFactor, { ...this.#own(sessionId), at })) === 1;
  }

  async setChallenge(sessionId: string, challenge: string): Promise<boolean> {
    return (await this.#scope.executor.run(updateChallenge, { ...this.#own(sessionId), challenge })) === 1;
  }

  async consumeChallenge(sessionId: string, challenge: string): Promise<boolean> {
    return (await this.#scope.executor.run(consumeChallenge, { ...this.#own(sessionId), challenge })) === 1;
  }

  async setTotp(sessionId: string, sealed: string | null): Promise<boolean> {
    return (await this.#scope.executor.run(updateTotp, { ...this.#own(sessionId), sealed })) === 1;
  }

  async end(sessionId: string): Promise<boolean> {
    return (await this.#scope.executor.run(deleteSession, this.#own(sessionId))) === 1;
  }

  endAll(staffId: string, except = ''): Promise<number> {
    return this.#scope.executor.run(deleteOfStaff, { orgKey: this.#orgKey, staffId, except });
  }

  keepNewest(staffId: string, keep: number): Promise<number> {
    return this.#scope.executor.run(deleteOlder, { orgKey: this.#orgKey, staffId, keep });
  }

  listOf(staffId: string): Promise<readonly StaffSession[]> {
    return this.#scope.executor.rows(selectOfStaff, { orgKey: this.#orgKey, staffId });
  }

  #own(sessionId: string): ById {
    return { orgKey: this.#orgKey, id: sessionId };
  }
}
