/**
 * How a person is shown to staff who may not see personal data: as a user with masked fields. It is made in the core, so that
 * no contract has a value that it must not show. Pure.
 */
import { may, type Principal } from '../access/principal.ts';
import type { User } from '../directory/user.ts';
import { readPhone } from '../directory/user-fields.ts';
import type { Channel } from '../messaging/message.ts';
import { maskEmail } from '../providers/masked-account.ts';
import { fold } from '../search/folding.ts';

/** The fields that are masked, under the names that a page uses. */
export const maskedFields = [
  ...(['email', 'requestedEmail', 'name', 'phone', 'dateOfBirth', 'externalId'] as const),
] as const;
export type MaskedField = (typeof maskedFields)[number];

const mark = '•••';
/** Of a phone number so many digits at the end stay. */
const phoneDigits = 2;
/** So many digits at the end of a phone tell whose it is. */
const tellingDigits = 7;
/** The digits of a phone with its area or country. */
const phoneDigitsWhole = 10;
const phoneDigitsMax = 15;
/** A name of so many letters tells who it is. */
const tellingLetters = 3;

/** Whether the principal sees people masked. */
export function seesMasked(principal: Principal): boolean {
  return !may(principal, 'console.people.unmasked');
}

type Maskable = Pick<
  User,
  'email' | 'requestedEmail' | 'firstName' | 'lastName' | 'phone' | 'phoneE164' | 'dateOfBirth'
>;

/** The user with masked fields; other fields stay, and so do those that the view has not read. */
export function maskPerson<U extends Partial<Maskable & Pick<User, 'externalId'>>>(user: U): U {
  const masked: Partial<Record<keyof Maskable | 'externalId', string | null>> = {};
  const entries: Readonly<Partial<Record<string, unknown>>> = user;
  for (const [field, mask] of Object.entries(masks) as [keyof Maskable, (text: string) => string][]) {
    const value = entries[field];
    if (typeof value === 'string') masked[field] = mask(value);
  }
  const { externalId } = user;
  if (typeof externalId === 'string' && tells(externalId, user)) masked.externalId = maskName(externalId);
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

/**
 * Whether an external id may tell who the person is: partners write emails, phones and names there. An opaque id is printable ASCII
 * without blanks, without `@`, and without what the user is known by; it stays, because engineers compare it with their own systems.
 */
function tells(externalId: string, user: Partial<Maskable>): boolean {
  if (!/^[!-~]+$/.test(externalId) || /@|%40|%20/i.test(externalId) || isPhone(externalId)) return true;
  const folded = fold(externalId);
  const digits = externalId.replace(/\D/g, '');
  const { firstName, lastName, email, requestedEmail, phone, phoneE164 } = user;
  const parts = [firstName, lastName, localPart(email), localPart(requestedEmail)]
    .flatMap((text) => fold(text ?? '').split(/[^\p{L}\p{N}]+/u))
    .filter((part) => [...part].length >= tellingLetters);
  const numbers = [phone, phoneE164]
    .map((text) => (text ?? '').replace(/\D/g, '').slice(-tellingDigits))
    .filter(({ length }) => length === tellingDigits);
  return parts.some((part) => folded.includes(part)) || numbers.some((number) => digits.includes(number));
}

function localPart(email: string | null | undefined): string {
  return email?.slice(0, email.lastIndexOf('@')) ?? '';
}

/** A number with an area or country, or with the marks that people write between digits. A short number of a series is none. */
function isPhone(text: string): boolean {
  if ('value' in readPhone(text)) return true;
  if (!/^(tel:)?\+?[\d()./-]+$/i.test(text)) return false;
  const { length } = text.replace(/\D/g, '');
  const isWritten = text.startsWith('0') || /\D/.test(text);
  return length <= phoneDigitsMax && length >= (isWritten ? tellingDigits : phoneDigitsWhole);
}

function maskName(name: string): string {
  return `${[...name][0] ?? ''}${mark}`;
}

function maskPhone(phone: string): string {
  return `+${mark}${phone.replace(/\D/g, '').slice(-phoneDigits)}`;
}
