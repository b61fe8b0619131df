/**
 * The queries over whole users, as changes need them. Each leads with the organization and follows one index. What
 * users are shown by is in `user-view-queries.ts`.
 */
import { sql } from 'kysely';
import type { User } from '../../core/directory/user.ts';
import type { Flag } from '../sql/flag.ts';
import { type Binder, build, statement } from '../sql/statement.ts';
import { columnsOf, type UserRow, wholeUser } from './user-row.ts';
import { type OfApp, oneOf, rowsOf, type Tenant } from './user-view-queries.ts';

/** The values of an insert: a user with its flags as integers, and its app by the key that rows have. */
export type InsertValues = {
  [K in keyof Omit<User, 'appId'> as User[K] extends boolean ? never : K]: User[K];
} & { [K in keyof User as User[K] extends boolean ? K : never]: Flag } & {
  appKey: number;
  emailCanonical: string | null;
};

/**
 * Adds a user unless one of the unique keys is taken; which one is found out afterwards. The conflict leaves the
 * transaction as it was, in databases too where an error would end it.
 */
export const insertUser = statement((p: Binder<InsertValues>) =>
  build
    .insertInto('users')
    .values({
      org_key: p('orgKey'),
      id: p('id'),
      number: p('number'),
      app_key: p('appKey'),
      external_id: p('externalId'),
      email: p('email'),
      email_canonical: p('emailCanonical'),
      first_name: p('firstName'),
      last_name: p('lastName'),
      phone: p('phone'),
      phone_e164: p('phoneE164'),
      date_of_birth: p('dateOfBirth'),
      language: p('language'),
      timezone: p('timezone'),
      role: p('role'),
      status: p('status'),
      was_active: p('wasActive'),
      is_clinical: p('isClinical'),
      is_clinical_approved: p('isClinicalApproved'),
      is_template: p('isTemplate'),
      is_native_signup: p('isNativeSignup'),
      confirmed_at: p('confirmedAt'),
      password_hash: p('passwordHash'),
      created_at: p('createdAt'),
      updated_at: p('updatedAt'),
      last_login_at: p('lastLoginAt'),
      last_sync_at: p('lastSyncAt'),
      last_score_at: p('lastScoreAt'),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const users = (p: Binder<Tenant>) =>
  build.selectFrom('users').select(columnsOf(wholeUser.fields)).where('org_key', '=', p('orgKey'));

/** One user, held against other changes. */
export const lock = oneOf<UserRow>((p) => users(p).forUpdate());

export const selectByEmail = rowsOf<Tenant & { email: string }, UserRow>((p) =>
  users(p).where('email_canonical', '=', p('email')),
);

export const selectByExternalId = rowsOf<Tenant & OfApp & { externalId: string }, UserRow>((p) =>
  users(p).where('external_id', '=', p('externalId')).where('app_key', '=', p('appKey')),
);

/** Whoever may take an admin away holds the organization: with the admins' own rows two could wait for each other. */
export const lockOrganization = statement((p: Binder<Tenant>) =>
  build.selectFrom('organizations').select('seq').where('org_key', '=', p('orgKey')).forNoKeyUpdate(),
);

/** An organization has few. */
export const selectActiveAdmins = statement((p: Binder<Tenant>) =>
  build
    .selectFrom('users')
    .select('seq')
    .where('org_key', '=', p('orgKey'))
    .where('role', '=', sql.lit('admin'))
    .where('status', '=', 'active'),
);
