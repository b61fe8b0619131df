/** The row of a user, and what the directory makes of it. */
import type { User, UserRole, UserStatus } from '../core/directory/user.ts';
import { canonicalEmail } from '../core/directory/user-fields.ts';
import type { AppKeys } from './app-keys.ts';
import type { Executor } from './executor.ts';
import type { Flag } from './flag.ts';

/** The columns of a user, under names that no joined table has. */
export const userColumns = [
  'users.seq',
  'users.org_key',
  'users.id',
  'users.number',
  'users.app_key',
  'users.external_id',
  'users.email',
  'users.first_name',
  'users.last_name',
  'users.phone',
  'users.phone_e164',
  'users.date_of_birth',
  'users.language',
  'users.timezone',
  'users.role',
  'users.status',
  'users.was_active',
  'users.is_clinical',
  'users.is_clinical_approved',
  'users.is_template',
  'users.is_native_signup',
  'users.confirmed_at',
  'users.password_hash',
  'users.created_at',
  'users.updated_at',
  'users.last_login_at',
  'users.last_sync_at',
  'users.last_score_at',
] as const;

/** A row as the database gives it: flags as integers, the app by its internal key. */
export interface UserRow {
  readonly seq: number;
  readonly org_key: number;
  readonly id: string;
  readonly number: number;
  readonly app_key: number;
  readonly external_id: string | null;
  readonly email: string | null;
  readonly first_name: string | null;
  readonly last_name: string | null;
  readonly phone: string | null;
  readonly phone_e164: string | null;
  readonly date_of_birth: string | null;
  readonly language: string;
  readonly timezone: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly was_active: Flag;
  readonly is_clinical: Flag;
  readonly is_clinical_approved: Flag;
  readonly is_template: Flag;
  readonly is_native_signup: Flag;
  readonly confirmed_at: number | null;
  readonly password_hash: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly last_login_at: number | null;
  readonly last_sync_at: number | null;
  readonly last_score_at: number | null;
}

/** The user of a row that was read by `executor`. */
export async function readUser(row: UserRow, appKeys: AppKeys, executor: Executor): Promise<User> {
  const known = appKeys.knownId(row.app_key);
  return toUser(row, known ?? (await appKeys.getId(executor, row.org_key, row.app_key)));
}

/** The users of rows that were read by `executor`, in the order of the rows. */
export async function readUsers(
  rows: readonly UserRow[],
  appKeys: AppKeys,
  executor: Executor,
): Promise<User[]> {
  const users: User[] = [];
  for (const row of rows) {
    const known = appKeys.knownId(row.app_key);
    users.push(toUser(row, known ?? (await appKeys.getId(executor, row.org_key, row.app_key))));
  }
  return users;
}

function toUser(row: UserRow, appId: string): User {
  return {
    id: row.id,
    orgKey: row.org_key,
    number: row.number,
    appId,
    externalId: row.external_id,
    email: row.email,
    firstName: row.first_name,
    lastName: row.last_name,
    phone: row.phone,
    phoneE164: row.phone_e164,
    dateOfBirth: row.date_of_birth,
    language: row.language,
    timezone: row.timezone,
    role: row.role,
    status: row.status,
    wasActive: row.was_active === 1,
    isClinical: row.is_clinical === 1,
    isClinicalApproved: row.is_clinical_approved === 1,
    isTemplate: row.is_template === 1,
    isNativeSignup: row.is_native_signup === 1,
    confirmedAt: row.confirmed_at,
    passwordHash: row.password_hash,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    lastLoginAt: row.last_login_at,
    lastSyncAt: row.last_sync_at,
    lastScoreAt: row.last_score_at,
  };
}

/** The form of an address that is compared and kept unique. */
export function canonicalOf(email: string | null | undefined): string | null {
  return email === null || email === undefined ? null : canonicalEmail(email);
}
