/**
 * The keyed digests that throttles and requests use for an account or an address. Rows hold the digest instead of the
 * address, and an erasure finds these rows by it.
 */
import type { User } from '../directory/user.ts';
import { canonicalEmail } from '../directory/user-fields.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';

/** The digest of an address in an organization, whether or not a user has it. */
export function emailSubject(secrets: SecretBox, orgKey: OrgKey, email: string): string {
  return secrets.keyedDigest('email', `${orgKey} ${canonicalEmail(email)}`);
}

/** The digest of an account. */
export function userSubject(secrets: SecretBox, orgKey: OrgKey, userId: UserId): string {
  return secrets.keyedDigest('user', `${orgKey} ${userId}`);
}

/** Every digest that rows may hold for the user. */
export function subjectsOf(secrets: SecretBox, user: User): readonly string[] {
  const account = userSubject(secrets, user.orgKey, user.id);
  return user.email === null ? [account] : [account, emailSubject(secrets, user.orgKey, user.email)];
}
