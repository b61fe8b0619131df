/** Arbitrary values of the domain, for property tests. */
import fc from 'fast-check';
import { type User, userRoles, userStatuses } from '../../src/core/directory/user.ts';
import { isVisible, stripInvisible } from '../../src/core/directory/visible-text.ts';

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((each) => each.join(''));

const surrogates = { first: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, as the unit of texts. The library's unit `binary` has the same characters, but it lists them
 * all before it generates the first text, which takes most of a second.
 */
export const characters = fc
  .integer({ min: 0, max: 0x10ffff - surrogates.count })
  .map((index) => String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count));

/** Epoch milliseconds of this century. */
export const instants = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2100, 0) });

/** A text that the directory can store: visible, of whole characters, with spaces and quotes inside. */
export const texts = fc
  .string({ unit: characters, minLength: 1, maxLength: 40 })
  .map((text) => stripInvisible(text.replaceAll(/\p{Cc}/gu, '"')))
  .filter(isVisible);

const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });

/** Any user that the directory can store. */
export const users: fc.Arbitrary<User> = fc.record({
  id: hex(32),
  orgKey: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  number: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  appId: hex(40),
  externalId: orNull(texts),
  email: orNull(fc.emailAddress()),
  requestedEmail: orNull(fc.emailAddress()),
  emailRequestedAt: orNull(instants),
  firstName: orNull(texts),
  lastName: orNull(texts),
  phone: fc.constant(null),
  phoneE164: fc.constant(null),
  dateOfBirth: fc.constant(null),
  language: fc.constantFrom('en', 'es'),
  timezone: fc.constantFrom('UTC', 'Europe/London', 'America/New_York'),
  role: fc.constantFrom(...userRoles),
  status: fc.constantFrom(...userStatuses),
  wasActive: fc.boolean(),
  isClinical: fc.boolean(),
  isClinicalApproved: fc.boolean(),
  isTemplate: fc.boolean(),
  isNativeSignup: fc.boolean(),
  isSelfRegistered: fc.boolean(),
  confirmedAt: orNull(instants),
  emailProvedAt: orNull(instants),
  phoneProvedAt: orNull(instants),
  passwordHash: fc.constant(null),
  createdAt: instants,
  updatedAt: instants,
  lastLoginAt: orNull(instants),
  lastSyncAt: orNull(instants),
  lastScoreAt: orNull(instants),
});
