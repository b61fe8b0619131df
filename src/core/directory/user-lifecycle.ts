/**
 * The life of a user as an organization's backend or application drives it: making, reading, changing, reporting
 * on and deleting one. Each operation opens one transaction: load, authorize, decide, act, note, return.
 *
 * The operations of consumers are in `registration.ts` and `profile.ts`, invitations in `verification/invitation.ts`.
 */
import { alone, once } from '../access/idempotency.ts';
import type { IdempotentRequest } from '../access/idempotency-store.ts';
import { type Action, authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { beginErasure } from '../erasure/begin-erasure.ts';
import { eraseAccepted } from '../erasure/erase-accepted.ts';
import { repeatRefused } from '../erasure/refused-deletion.ts';
import { type FieldFault, isNotFound, isRefusal, refuse, refuseFaults } from '../errors.ts';
import { newUserId, newUserNumber } from '../ids.ts';
import { type AuditAction, record } from '../record/audit-event.ts';
import { recordChangedFields } from '../record/changed-fields.ts';
import { recordRead } from '../record/reads.ts';
import type { Tx } from '../unit-of-work.ts';
import { findByExternalId, readExternalIdLookUp, requireExternalId } from './external-id.ts';
import { isActiveAdmin, type NewUser, newUserDefaults, type User, type UserChanges } from './user.ts';
import { changeUser } from './user-change.ts';
import {
  FieldReader,
  readExternalId,
  readOptional,
  readReportTime,
  readTimezone,
  reportSkewMs,
} from './user-fields.ts';
import type { UserRef } from './user-store.ts';
import type { UserView } from './user-view.ts';

/**
 * The faults of the fields that a contract shows and does not let the caller set, compared with the present user (null:
 * there is none yet). A client may send a whole user back.
 */
export type EchoCheck = (present: User | null) => readonly FieldFault[];

export const noEchoes: EchoCheck = () => [];

/** What a caller expects of the user before a change. Runs in the transaction of the change; refuses by throwing. */
export type Precondition<Present = User> = (present: Present) => void;

/** The fields of a new user, with the values as the backend sent them. */
export interface CreateUserInput {
  readonly externalId?: unknown;
  readonly timezone?: unknown;
  /** The public id of one of the organization's apps; absent: its first. */
  readonly appId?: unknown;
  readonly echoes: EchoCheck;
  readonly once: IdempotentRequest | null;
}

/**
 * Creates a user that is active immediately. Refuses with `forbidden`, `invalid_fields`, `external_id_taken` (naming
 * the holder) and the idempotency codes.
 */
export async function createUser(core: Core, principal: Principal, input: CreateUserInput): Promise<User> {
  authorize(principal, 'users.create');
  const fields = new FieldReader();
  const externalId = fields.take('externalId', readOptional(input.externalId, readExternalId));
  const timezone = fields.take('timezone', readOptional(input.timezone, readTimezone));
  const faults = [...fields.faults, ...input.echoes(null)];

  return alone(core.running, input.once, () =>
    core.work.change(principal.orgKey, async (tx) => {
      const now = core.clock.now();
      const app = await findApp(tx, input.appId);
      refuseFaults(app === null ? [...faults, { field: 'appId', fault: 'invalid' }] : faults);
      if (app === null) throw refuse('not_found', { noun: 'app' });
      return once(tx, input.once, { status: 201, now }, async () => {
        await refuseEarlierHolder(tx, app.id, input.externalId);
        const user = await tx.users.insert({
          ...newUserOf(app.id, now),
          externalId: externalId ?? null,
          timezone: timezone ?? newUserDefaults.timezone,
        });
        await record(tx, principal, 'user.created', { kind: 'user', id: user.id }, now);
        return user;
      });
    }),
  );
}

/**
 * Makes the user of an app with that external id, or finds it and sets `updatedAt`. Refuses with `forbidden` and `invalid_fields`.
 */
export async function upsertUser(
  core: Core,
  principal: Principal,
  input: { readonly appId: string; readonly externalId: unknown; readonly echoes: EchoCheck },
): Promise<User> {
  authorize(principal, 'users.create');
  const externalId = readExternalIdLookUp(input.externalId);

  const attempt = (): Promise<User> =>
    core.work.change(principal.orgKey, async (tx) => {
      const present = await findByExternalId(tx, input.appId, externalId);
      const fields = new FieldReader();
      if (present === null) fields.take('externalId', externalId.clean);
      refuseFaults([...fields.faults, ...input.echoes(present)]);
      const now = core.clock.now();
      const user =
        present === null
          ? await tx.users.insert({
              ...newUserOf(input.appId, now),
              externalId: requireExternalId(externalId, 'externalId'),
            })
          : await changeUser(core, tx, present, { updatedAt: now });
      const action = present === null ? 'user.created' : 'user.updated';
      await record(tx, principal, action, { kind: 'user', id: user.id }, now);
      return user;
    });
  try {
    return await attempt();
  } catch (error) {
    // Another process created the user between our read and our insert, so a second attempt finds it.
    if (isRefusal(error, 'external_id_taken') || isNotFound(error, 'user')) return attempt();
    throw error;
  }
}

/** One user. Refuses with `forbidden`, and with `not_found` (user) for a user that the principal cannot see. */
export async function getUser<K extends keyof User>(
  core: Core,
  principal: Principal,
  input: { readonly action: Action; readonly ref: UserRef | null; readonly view: UserView<K | 'id'> },
): Promise<Pick<User, K | 'id'>> {
  authorize(principal, input.action);
  const { ref, view } = input;
  if (ref === null) throw refuse('not_found', { noun: 'user' });
  const user = await core.work.read(principal.orgKey, (tx) => tx.users.find(scopedRef(principal, ref), view));
  if (user === null) throw refuse('not_found', { noun: 'user' });
  await recordRead(core, principal, user.id);
  return user;
}

/**
 * Changes time zone and external id (null clears it); what is absent stays. Refuses with `forbidden`,
 * `invalid_fields`, `not_found` (user) and `external_id_taken` (naming the holder).
 */
export async function updateUser(
  core: Core,
  principal: Principal,
  input: {
    readonly ref: UserRef | null;
    readonly externalId?: unknown;
    readonly timezone?: unknown;
    readonly echoes: EchoCheck;
    readonly precondition?: Precondition;
  },
): Promise<User> {
  authorize(principal, 'users.update');
  const { ref } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(scopedRef(principal, ref));
    const { changes, faults } = readUpdate(input, user);
    refuseFaults(user === null ? faults : [...faults, ...input.echoes(user)]);
    if (user === null) throw refuse('not_found', { noun: 'user' });
    input.precondition?.(user);
    return applyChanges(core, tx, principal, user, changes, null);
  });
}

/** Reads the fields of an update. An external id that the user already has may be from before the rule of texts. */
function readUpdate(
  { externalId, timezone }: { readonly externalId?: unknown; readonly timezone?: unknown },
  present: User | null,
): { changes: UserChanges; faults: readonly FieldFault[] } {
  const fields = new FieldReader();
  const changes: { externalId?: string | null; timezone?: string } = {};
  if (externalId !== undefined && (present === null || externalId !== present.externalId)) {
    const clean = fields.take('externalId', readOptional(externalId, readExternalId));
    if (clean !== undefined) changes.externalId = clean;
  }
  if (timezone !== undefined) {
    const clean = fields.take('timezone', readTimezone(timezone));
    if (clean !== undefined) changes.timezone = clean;
  }
  return { changes, faults: fields.faults };
}

/** A step: refuses with `external_id_taken` where a user from before the rule of texts has the exact text. */
async function refuseEarlierHolder(tx: Tx, appId: string, externalId: unknown): Promise<void> {
  const { exact } = readExternalIdLookUp(externalId);
  const holder = exact === null ? null : await tx.users.findByExternalId(appId, exact);
  if (exact !== null && holder !== null) {
    throw refuse('external_id_taken', { externalId: exact, userId: holder.id });
  }
}

/** The kinds of report that set a time of the user. */
export type ReportKind = 'sync' | 'score';

/**
 * Notes when a user last synced or was scored. Times only move forward: an older report changes nothing. `at`
 * is as it came; absent or null means now. Refuses with `forbidden`, `invalid_fields`, `not_found` (user) and the
 * idempotency codes.
 */
export async function reportActivity(
  core: Core,
  principal: Principal,
  input: {
    readonly kind: ReportKind;
    readonly ref: UserRef | null;
    readonly at?: unknown;
    /** For a sync, the connection that brought the data; as the client sent it. */
    readonly deviceId?: unknown;
    readonly once: IdempotentRequest | null;
  },
): Promise<User> {
  authorize(principal, 'users.report');
  const now = core.clock.now();
  const fields = new FieldReader();
  const given = fields.take(
    'at',
    readOptional(input.at, (value) => readReportTime(value, now)),
  );
  refuseFaults(fields.faults);
  const at = given ?? now;
  const { kind, ref } = input;
  return alone(core.running, input.once, () =>
    core.work.change(principal.orgKey, (tx) =>
      once(tx, input.once, { status: 202, now }, async () => {
        const user = ref === null ? null : await tx.users.lock(scopedRef(principal, ref));
        if (user === null) throw refuse('not_found', { noun: 'user' });
        const latest = now + reportSkewMs;
        await noteSync(tx, user, input.deviceId, { at, latest });
        const last = kind === 'sync' ? user.lastSyncAt : user.lastScoreAt;
        // A time that is later than any report can be was stored while the clock was wrong.
        if (last !== null && at <= last && last <= latest) return user;
        const changes = kind === 'sync' ? { lastSyncAt: at } : { lastScoreAt: at };
        return applyChanges(
          core,
          tx,
          principal,
          user,
          changes,
          kind === 'sync' ? 'user.synced' : 'user.scored',
        );
      }),
    ),
  );
}

/**
 * Deletes a user and every row that names the user: the one path for every door. Returns the id of the erasure, which
 * is on disk in the ledger. A deletion that was refused after its commit is accepted when it is repeated. Refuses with `forbidden` (also an app that would
 * delete an admin or an approved clinical user), `not_found` (user) and `last_admin`.
 */
export async function deleteUser(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null; readonly precondition?: Precondition },
): Promise<{ readonly erasureId: string }> {
  authorize(principal, 'users.delete');
  const { ref } = input;
  if (ref === null) throw refuse('not_found', { noun: 'user' });
  const scoped = scopedRef(principal, ref);
  try {
    const { begun } = await eraseAccepted(core, (take) =>
      core.work.change(
        principal.orgKey,
        async (tx) => {
          const user = await tx.users.lock(scoped);
          if (user === null) throw refuse('not_found', { noun: 'user' });
          if (principal.kind === 'app' && (user.role === 'admin' || user.isClinicalApproved))
            throw refuse('forbidden', {});
          input.precondition?.(user);
          await keepAnAdmin(tx, user);
          const erasures = [await beginErasure(core, tx, principal, user)] as const;
          take(erasures);
          return { begun: erasures };
        },
        { isConfined: true },
      ),
    );
    return { erasureId: begun[0].id };
  } catch (error) {
    if (!isNotFound(error, 'user')) throw error;
    const erasureId = await repeatRefused(core, principal.orgKey, scoped);
    if (erasureId === null) throw error;
    return { erasureId };
  }
}

/** A step: moves the last sync of the user's connection, where one is named; refuses an unknown one. */
async function noteSync(
  tx: Tx,
  user: User,
  deviceId: unknown,
  { at, latest }: { readonly at: number; readonly latest: number },
): Promise<void> {
  if (deviceId === undefined || deviceId === null) return;
  const connection = typeof deviceId === 'string' ? await tx.connections.find(deviceId) : null;
  if (connection?.userId !== user.id) throw refuse('invalid_fields', { faults: [unknownDevice] });
  await tx.connections.noteSync(connection.id, at, latest);
}

const unknownDevice: FieldFault = { field: 'deviceId', fault: 'invalid' };

/** A step: refuses with `last_admin` where `user` is the organization's only active admin. */
export async function keepAnAdmin(tx: Tx, user: User): Promise<void> {
  if (isActiveAdmin(user) && (await tx.users.lockActiveAdmins()) <= 1) throw refuse('last_admin', {});
}

/**
 * A step: writes the changes, sets `updatedAt` and records the event; does nothing where all values are the same. `action` is
 * null where the changed fields decide how it is recorded.
 */
export async function applyChanges(
  core: Core,
  tx: Tx,
  principal: Principal,
  user: User,
  changes: UserChanges,
  action: AuditAction | null,
): Promise<User> {
  const present: Readonly<Record<string, unknown>> = { ...user };
  const isSame = Object.entries(changes).every(([name, value]) => present[name] === value);
  if (isSame) return user;
  const now = core.clock.now();
  const changed = await changeUser(core, tx, user, { ...changes, updatedAt: now });
  if (action === null) await recordChangedFields(tx, principal, user, changed, now);
  else await record(tx, principal, action, { kind: 'user', id: user.id }, now);
  return changed;
}

/** A new user with the defaults of the directory: active, created now. */
export function newUserOf(appId: string, now: number): NewUser {
  return {
    ...newUserDefaults,
    id: newUserId(),
    number: newUserNumber(),
    appId,
    status: 'active',
    createdAt: now,
  };
}

/** An app sees only its own users, and a person on the Connect page only the own account. */
export function scopedRef(principal: Principal, ref: UserRef): UserRef {
  if (principal.kind === 'app') return { ...ref, appId: principal.appId };
  if (principal.kind !== 'connect') return ref;
  if (!('id' in ref) || ref.id !== principal.userId) throw refuse('not_found', { noun: 'user' });
  return { ...ref, appId: principal.appId };
}

async function findApp(tx: Tx, appId: unknown): Promise<{ id: string } | null> {
  if (appId === undefined || appId === null) return { id: await tx.apps.getFirstId() };
  return typeof appId === 'string' ? tx.apps.find(appId) : null;
}
