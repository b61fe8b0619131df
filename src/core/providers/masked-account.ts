/**
 * How a web page names the account that a person connects to: enough to recognize one's own, too little to learn one
 * that is not known. Pure.
 */
import type { User } from '../directory/user.ts';
import { toUserIdText } from '../ids.ts';

export interface MaskedAccount {
  /** The masked email, such as `j***@e***.com`, or the end of a reference, such as `…7f3a`. */
  readonly name: string;
  /** Whether the email is unproved: it may be the address of another person. */
  readonly isUnproved: boolean;
}

/** The masked email of the user, else the end of the app's own id of the user, else of our id. */
export function maskAccount({
  id,
  email,
  emailProvedAt,
  externalId,
}: Pick<User, 'id' | 'email' | 'emailProvedAt' | 'externalId'>): MaskedAccount {
  if (email !== null) return { name: maskEmail(email), isUnproved: emailProvedAt === null };
  return { name: `…${endOf(externalId ?? toUserIdText(id))}`, isUnproved: false };
}

/** The first letters of both parts, and the end of the domain. */
export function maskEmail(email: string, mark = '***'): string {
  const at = email.lastIndexOf('@');
  const labels = email.slice(at + 1).split('.');
  const top = labels.length > 1 ? `.${labels.at(-1)}` : '';
  return `${firstOf(email.slice(0, at))}${mark}@${firstOf(labels[0] ?? '')}${mark}${top}`;
}

function firstOf(text: string): string {
  return [...text][0] ?? '';
}

/** The last four characters, and never more than half of the text. */
function endOf(text: string): string {
  const characters = [...text];
  return characters.slice(-Math.min(4, Math.max(1, Math.floor(characters.length / 2)))).join('');
}
