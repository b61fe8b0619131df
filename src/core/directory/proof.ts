/**
 * The proofs of a user's addresses. A proof holds for exactly one address: only a code or a link that was sent to it gives
 * one, and every change of the address ends it. Rights need a proved email. Pure.
 */
import type { FieldFault } from '../errors.ts';
import type { UserId } from '../ids.ts';
import { canonicalEmail } from './email-address.ts';
import type { User, UserChanges, UserRole } from './user.ts';
import { userRoles } from './user.ts';

type Addresses = Pick<User, 'email' | 'phoneE164'>;

/**
 * The changes together with the proofs that they end. The store applies it to every change, so that no door can
 * forget it. Another spelling of the same email is no change of the address. Changes that set a proof have it for the
 * new address.
 */
export function withEndedProofs(user: Addresses, changes: UserChanges): UserChanges {
  const { email, phoneE164 } = changes;
  return {
    ...(email === undefined || isSameEmail(email, user.email) ? {} : { emailProvedAt: null }),
    ...(phoneE164 === undefined || phoneE164 === user.phoneE164 ? {} : { phoneProvedAt: null }),
    ...changes,
  };
}

/** Whether two emails are one address, in any spelling; null is no email. */
export function isSameEmail(one: string | null, other: string | null): boolean {
  return canonicalEmail(one ?? '') === canonicalEmail(other ?? '');
}

/** What is wrong with giving rights to a user whose email was never proved; null for a user without an email. */
export function proofFault(
  user: Pick<User, 'email' | 'emailProvedAt' | 'requestedEmail'>,
): FieldFault | null {
  const isUnproved = user.email === null ? user.requestedEmail !== null : user.emailProvedAt === null;
  return isUnproved ? { field: 'email', fault: 'unproved' } : null;
}

/** Whether a role gives more rights than another one. */
export function isHigherRole(role: UserRole, than: UserRole): boolean {
  return userRoles.indexOf(role) > userRoles.indexOf(than);
}

/**
 * Whether the email is a claimed one, which blocks no invitation: its user signed up in person, has never proved it, and
 * has no rights.
 */
export function hasClaimedEmail(user: User): boolean {
  const hasRights = user.role !== 'parent' || user.isClinicalApproved;
  return user.isSelfRegistered && user.email !== null && user.emailProvedAt === null && !hasRights;
}

/** The email that a user sees of an account: of the own one also the requested one, which no other user sees. */
export function emailFor(
  { userId }: { readonly userId: UserId | null },
  { id, email, requestedEmail }: Pick<User, 'id' | 'email' | 'requestedEmail'>,
): string | null {
  return id === userId ? (email ?? requestedEmail) : email;
}
