/** What a new user's row has: what was said of the user, and what everybody begins with. */
import { hasBeenActive, type NewUser, type User } from '../../core/directory/user.ts';
import type { OrgKey } from '../../core/ids.ts';
import { toFlag } from '../sql/flag.ts';
import type { InsertValues } from './user-queries.ts';
import { canonicalOf } from './user-row.ts';

/** What a user has that nobody says at its creation. */
export function newcomer(
  user: NewUser,
): Pick<User, 'wasActive' | 'lastLoginAt' | 'lastSyncAt' | 'lastScoreAt'> {
  return { wasActive: hasBeenActive(user), lastLoginAt: null, lastSyncAt: null, lastScoreAt: null };
}

/** Written out: a user passes through here for each row of an import, and copying it costs more than reading it. */
export function toInsertValues(
  user: NewUser,
  { orgKey, appKey }: { readonly orgKey: OrgKey; readonly appKey: number },
): InsertValues {
  return {
    orgKey,
    id: user.id,
    number: user.number,
    appKey,
    externalId: user.externalId,
    email: user.email,
    emailCanonical: canonicalOf(user.email),
    firstName: user.firstName,
    lastName: user.lastName,
    phone: user.phone,
    phoneE164: user.phoneE164,
    dateOfBirth: user.dateOfBirth,
    language: user.language,
    timezone: user.timezone,
    role: user.role,
    status: user.status,
    wasActive: toFlag(hasBeenActive(user)),
    isClinical: toFlag(user.isClinical),
    isClinicalApproved: toFlag(user.isClinicalApproved),
    isTemplate: toFlag(user.isTemplate),
    isNativeSignup: toFlag(user.isNativeSignup),
    confirmedAt: user.confirmedAt,
    passwordHash: user.passwordHash,
    createdAt: user.createdAt,
    updatedAt: user.createdAt,
    lastLoginAt: null,
    lastSyncAt: null,
    lastScoreAt: null,
  };
}
