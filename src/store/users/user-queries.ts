/**
 * The queries over whole users, as changes need them. Each leads with the organization and follows one index. What
 * users are shown by is in `user-view-queries.ts`.
 */
import { sql } from 'kysely';
import { type Binder, build, statement } from '../sql/statement.ts';
import { columnsOf, type UserRow, wholeUser } from './user-row.ts';
import { type OfApp, oneOf, rowsOf, type Tenant } from './user-view-queries.ts';

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
export const lockOrganization = statement(
  (p: Binder<Tenant>) =>
    build.selectFrom('organizations').select('seq').where('org_key', '=', p('orgKey')).forNoKeyUpdate(),
  { locksShared: true },
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
