/** The queries over users. Each leads with the organization and follows one index. */
import { sql } from 'kysely';
import type { User, UserStatus } from '../core/directory/user.ts';
import type { Flag } from './flag.ts';
import { type Binder, build, statement } from './statement.ts';
import { userColumns } from './user-row.ts';

type ById = { orgKey: number; id: string };
type ByNumber = { orgKey: number; number: number };

const byId = (p: Binder<ById>) =>
  build.selectFrom('users').select(userColumns).where('org_key', '=', p('orgKey')).where('id', '=', p('id'));

const byNumber = (p: Binder<ByNumber>) =>
  build
    .selectFrom('users')
    .select(userColumns)
    .where('org_key', '=', p('orgKey'))
    .where('number', '=', p('number'));

export const selectById = statement((p: Binder<ById>) => byId(p));
export const lockById = statement((p: Binder<ById>) => byId(p).forUpdate());
export const selectByNumber = statement((p: Binder<ByNumber>) => byNumber(p));
export const lockByNumber = statement((p: Binder<ByNumber>) => byNumber(p).forUpdate());

export const selectByEmail = statement((p: Binder<{ orgKey: number; email: string }>) =>
  build
    .selectFrom('users')
    .select(userColumns)
    .where('org_key', '=', p('orgKey'))
    .where('email_canonical', '=', p('email')),
);

export const selectByExternalId = statement(
  (p: Binder<{ orgKey: number; externalId: string; appKey: number }>) =>
    build
      .selectFrom('users')
      .select(userColumns)
      .where('org_key', '=', p('orgKey'))
      .where('external_id', '=', p('externalId'))
      .where('app_key', '=', p('appKey')),
);

/** One row for each app at most, so the sorting is of a handful. */
export const selectAllByExternalId = statement((p: Binder<{ orgKey: number; externalId: string }>) =>
  build
    .selectFrom('users')
    .select(userColumns)
    .where('org_key', '=', p('orgKey'))
    .where('external_id', '=', p('externalId'))
    .orderBy('created_at', 'desc')
    .orderBy('position', 'desc'),
);

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

type PageValues = {
  orgKey: number;
  beforeCreatedAt: number;
  beforeSeq: number;
  skip: number;
  limit: number;
};

/*
 * The place in a list is a tuple compared as one, which follows the index without a sort. Lists of a status or an
 * app have it in the tuple and in the order, where equality alone would do: so no other index serves the order, and
 * no planner can be led by its statistics to walk past all the users of another.
 */

/** Newest first, from a place that the counts found; `skip` is less than a range of them. */
export const selectPage = statement((p: Binder<PageValues>) =>
  build
    .selectFrom('users')
    .select(userColumns)
    .where('org_key', '=', p('orgKey'))
    .where((row) =>
      row(row.refTuple('created_at', 'position'), '<', row.tuple(p('beforeCreatedAt'), p('beforeSeq'))),
    )
    .orderBy('created_at', 'desc')
    .orderBy('position', 'desc')
    .limit(p('limit'))
    .offset(p('skip')),
);

export const selectStatusPage = statement((p: Binder<PageValues & { status: UserStatus }>) =>
  build
    .selectFrom('users')
    .select(userColumns)
    .where('org_key', '=', p('orgKey'))
    .where('status', '>=', p('status'))
    .where((row) =>
      row(
        row.refTuple('status', 'created_at', 'position'),
        '<',
        row.tuple(p('status'), p('beforeCreatedAt'), p('beforeSeq')),
      ),
    )
    .orderBy('status', 'desc')
    .orderBy('created_at', 'desc')
    .orderBy('position', 'desc')
    .limit(p('limit'))
    .offset(p('skip')),
);

type AfterValues = { orgKey: number; afterCreatedAt: number; afterSeq: number; limit: number };

const ofAppAfter = (p: Binder<AfterValues & { appKey: number }>) =>
  build
    .selectFrom('users')
    .where('org_key', '=', p('orgKey'))
    .where('app_key', '<=', p('appKey'))
    .where((row) =>
      row(
        row.refTuple('app_key', 'created_at', 'position'),
        '>',
        row.tuple(p('appKey'), p('afterCreatedAt'), p('afterSeq')),
      ),
    )
    .orderBy('app_key')
    .orderBy('created_at')
    .orderBy('position')
    .limit(p('limit'));

/** The next users of an app, oldest first. */
export const selectAfter = statement((p: Binder<AfterValues & { appKey: number }>) =>
  ofAppAfter(p).select(userColumns),
);

const exportColumns = [
  'external_id as externalId',
  'email',
  'password_hash as passwordHash',
  'first_name as firstName',
  'last_name as lastName',
  'phone',
  'date_of_birth as dateOfBirth',
  'language',
  'timezone',
  'role',
  'status',
  'is_clinical as isClinical',
  'confirmed_at as confirmedAt',
  'created_at as createdAt',
  'seq',
] as const;

/** The next users, oldest first, with the columns of an export only. */
export const selectExport = statement((p: Binder<AfterValues>) =>
  build
    .selectFrom('users')
    .select(exportColumns)
    .where('org_key', '=', p('orgKey'))
    .where((row) =>
      row(row.refTuple('created_at', 'position'), '>', row.tuple(p('afterCreatedAt'), p('afterSeq'))),
    )
    .orderBy('created_at')
    .orderBy('position')
    .limit(p('limit')),
);
export const selectAppExport = statement((p: Binder<AfterValues & { appKey: number }>) =>
  ofAppAfter(p).select(exportColumns),
);

/** Whoever may take an admin away holds the organization: with the admins' own rows two could wait for each other. */
export const lockOrganization = statement((p: Binder<{ orgKey: number }>) =>
  build.selectFrom('organizations').select('seq').where('org_key', '=', p('orgKey')).forNoKeyUpdate(),
);

/** An organization has few. */
export const selectActiveAdmins = statement((p: Binder<{ orgKey: number }>) =>
  build
    .selectFrom('users')
    .select('seq')
    .where('org_key', '=', p('orgKey'))
    .where('role', '=', sql.lit('admin'))
    .where('status', '=', 'active'),
);
