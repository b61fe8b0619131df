/**
 * The keyed digests that throttles and requests use for an account or an address. Rows hold the digest instead of the
 * address, and an erasure finds these rows by it.
 */

import { canonicalEmail, emailKeysOf, mailboxOfVariant } from '../directory/email-address.ts';
import type { User } from '../directory/user.ts';
import type { OrgKey, UserId } from '../ids.ts';
import type { Channel } from '../messaging/message.ts';
import type { SecretBox } from '../secret.ts';

/** The digest of an address in an organization, whether or not a user has it. */
export function emailSubject(secrets: SecretBox, orgKey: OrgKey, email: string): string {
  return digestOfKey(secrets, orgKey, canonicalEmail(email));
}

/** Every digest that rows may hold for an address, also those from before A-labels were compared. */
export function emailSubjects(secrets: SecretBox, orgKey: OrgKey, email: string): readonly string[] {
  return emailKeysOf(email).map((key) => digestOfKey(secrets, orgKey, key));
}

function digestOfKey(secrets: SecretBox, orgKey: OrgKey, key: string): string {
  return secrets.keyedDigest('email', `${orgKey} ${key}`);
}

/** The digest of a mailbox or a number to which messages go. All organizations count the messages to it together. */
export function destinationSubject(secrets: SecretBox, channel: Channel, to: string): string {
  return secrets.keyedDigest('message destination', channel === 'email' ? canonicalEmail(to) : to);
}

/** The digests that count messages to an email: its own, and that of the mailbox that it is a variant of. */
export function emailDestinations(secrets: SecretBox, email: string): readonly string[] {
  const mailbox = mailboxOfVariant(email);
  return (mailbox === null ? [email] : [email, mailbox]).map((to) =>
    destinationSubject(secrets, 'email', to),
  );
}

/** The digest of an account. */
export function userSubject(secrets: SecretBox, orgKey: OrgKey, userId: UserId): string {
  return secrets.keyedDigest('user', `${orgKey} ${userId}`);
}

/** The digest of a staff account of the console. */
export function staffSubject(
  secrets: SecretBox,
  { orgKey, staffId }: { readonly orgKey: OrgKey; readonly staffId: string },
): string {
  return secrets.keyedDigest('staff', `${orgKey} ${staffId}`);
}

/** Every digest that rows may hold for the user. */
export function subjectsOf(secrets: SecretBox, user: User): readonly string[] {
  const { orgKey, id, email, requestedEmail, phoneE164 } = user;
  const subjects = [userSubject(secrets, orgKey, id)];
  if (email !== null) subjects.push(...emailSubjects(secrets, orgKey, email));
  for (const address of [email, requestedEmail]) {
    if (address !== null) subjects.push(...emailDestinations(secrets, address));
  }
  if (phoneE164 !== null) subjects.push(destinationSubject(secrets, 'sms', phoneE164));
  return subjects;
}
