/**
 * How a person is shown to staff who may not see personal data: as a user with masked fields. It is made in the core, so that
 * no contract has a value that it must not show. Pure.
 */
import { may, type Principal } from '../access/principal.ts';
import type { User } from '../directory/user.ts';
import type { Channel } from '../messaging/message.ts';
import { maskEmail } from '../providers/masked-account.ts';

/** The fields that are masked, under the names that a page uses. */
export const maskedFields = ['email', 'requestedEmail', 'name', 'phone', 'dateOfBirth'] as const;
export type MaskedField = (typeof maskedFields)[number];

const mark = '•••';
/** Of a phone number so many digits at the end stay. */
const phoneDigits = 2;

/** Whether the principal sees people masked. */
export function seesMasked(principal: Principal): boolean {
  return !may(principal, 'console.people.unmasked');
}

type Maskable = Pick<
  User,
  'email' | 'requestedEmail' | 'firstName' | 'lastName' | 'phone' | 'phoneE164' | 'dateOfBirth'
>;

/** The user with masked fields; other fields stay, and so do those that the view has not read. */
export function maskPerson<U extends Partial<Maskable>>(user: U): U {
  const masked: Partial<Record<keyof Maskable, string | null>> = {};
  const entries: Readonly<Partial<Record<string, unknown>>> = user;
  for (const [field, mask] of Object.entries(masks) as [keyof Maskable, (text: string) => string][]) {
    const value = entries[field];
    if (typeof value === 'string') masked[field] = mask(value);
  }
  return { ...user, ...masked };
}

const masks: Readonly<Record<keyof Maskable, (text: string) => string>> = {
  email: (text) => maskEmail(text, mark),
  requestedEmail: (text) => maskEmail(text, mark),
  firstName: maskName,
  lastName: maskName,
  phone: maskPhone,
  phoneE164: maskPhone,
  dateOfBirth: () => `${mark}-••-••`,
};

/** The address of a message, masked. */
export function maskDestination(channel: Channel, to: string): string {
  return channel === 'email' ? masks.email(to) : maskPhone(to);
}

function maskName(name: string): string {
  return `${[...name][0] ?? ''}${mark}`;
}

function maskPhone(phone: string): string {
  return `+${mark}${phone.replace(/\D/g, '').slice(-phoneDigits)}`;
}
