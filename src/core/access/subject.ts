/**
 * The keyed digests under which throttles and requests know an account or an address. They stand in rows in
 * the place of the address itself, and an erasure finds those rows by them.
 */
import type { User } from '../directory/user.ts';
import { canonicalEmail } from '../directory/user-fields.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';

/** An address in an organization, whether or not somebody has it. */
export function emailSubject(secrets: SecretBox, orgKey: OrgKey, email: string): string {
  return secrets.keyedDigest('email', `${orgKey} ${canonicalEmail(email)}`);
}

/** An account. */
export function userSubject(secrets: SecretBox, orgKey: OrgKey, userId: UserId): string {
  return secrets.keyedDigest('user', `${orgKey} ${userId}`);
}

/** Every digest that stands for the user somewhere. */
export function subjectsOf(secrets: SecretBox, user: User): readonly string[] {
  const account = userSubject(secrets, user.orgKey, user.id);
  return user.email === null ? [account] : [account, emailSubject(secrets, user.orgKey, user.email)];
}
