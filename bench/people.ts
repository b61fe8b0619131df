/** The people of the fixtures, drawn by their number: the same number is always the same person. */
import { areaCodes, firstNames, lastNames } from '../src/core/demo-people/word-lists.ts';
import type { NewUser } from '../src/core/directory/user.ts';
import { dayMs } from '../src/core/time.ts';

/** So many people come in a day. */
const peopleADay = 14_000;
const firstDay = Date.UTC(2024, 0);

type Column = 'externalId' | 'email' | 'firstName' | 'lastName' | 'phone' | 'phoneE164';
type Person = Pick<NewUser, Column | 'status' | 'role' | 'confirmedAt' | 'createdAt'>;

/** Person `number`, from 0. Three of five have a phone, 4 of 5 are active, 3 of 100 are members. */
export function personOf(number: number): Person {
  const draw = (kind: number, count: number): number => drawnOf(number, kind) % count;
  const hasPhone = draw(1, 5) < 3;
  const area = pick(areaCodes, drawnOf(number, 2));
  const line = String(draw(3, 10_000_000)).padStart(7, '0');
  const createdAt = firstDay + Math.floor((number / peopleADay) * dayMs);
  const part = draw(6, 100);
  const status = part < 13 ? 'pending' : part < 19 ? 'inactive' : 'active';
  return {
    externalId: `person-${number}`,
    email: `${scrambled(number)}@example.com`,
    firstName: pick(firstNames, drawnOf(number, 4)),
    lastName: pick(lastNames, drawnOf(number, 5)),
    phone: hasPhone ? `+1 ${area} ${line}` : null,
    phoneE164: hasPhone ? `+1${area}${line}` : null,
    role: draw(7, 100) < 3 ? 'member' : 'parent',
    confirmedAt: status === 'pending' ? null : createdAt,
    ...{ status, createdAt },
  };
}

/** A unique text for each number, in no sort order, like the email addresses of people. */
export function scrambled(number: number): string {
  return (Math.imul(number, 0x9e3779b1) >>> 0).toString(36);
}

/** A number of 32 bits that looks drawn: the same for the same two numbers. */
export function drawnOf(number: number, kind: number): number {
  let hash = Math.imul(number + 1, 0x85_eb_ca_6b) ^ Math.imul(kind, 0xc2_b2_ae_35);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7f_eb_35_2d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x84_6c_a6_8b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function pick(words: readonly string[], drawn: number): string {
  const word = words[drawn % words.length];
  if (word === undefined) throw new Error('the list is empty');
  return word;
}
