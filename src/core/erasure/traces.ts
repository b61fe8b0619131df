/**
 * The values by which a person was known. They stay sealed from the deletion until nothing of them is found any
 * more in rows or in the remains in the database's files. Then they are dropped, long before a slow provider has
 * answered.
 */

import { emailKeysOf } from '../directory/email-address.ts';
import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import { fieldsOf } from '../search/folding.ts';
import type { IndexedTexts } from '../search/user-search-store.ts';
import type { SecretBox } from '../secret.ts';
import type { Erasure } from './erasure.ts';

export interface Traces {
  readonly userId: UserId;
  /** The address, which another user may have by now; null where there was none. */
  readonly email: string | null;
  /** Where else messages went: an address that was requested, and a phone number. */
  readonly requestedEmail: string | null;
  readonly phone: string | null;
  /** The texts to search for in bytes: addresses, phone numbers, names, the external id. */
  readonly texts: readonly string[];
  /** What the search blocks may know of the user; null for an erasure from before there were any. */
  readonly indexed: IndexedTexts | null;
}

/** The values of the user as they are sealed; null where it had none. */
type KnownBy = Pick<User, 'id' | 'externalId' | 'email' | 'firstName' | 'lastName' | 'phone' | 'phoneE164'> &
  // Traces from before requests were stored have none.
  Partial<Pick<User, 'requestedEmail'>> & { readonly indexed?: IndexedTexts | null };

/** Shorter texts are part of too many other texts. A copy of a row that holds one holds longer ones too. */
const textBytesMin = 4;

function toTraces(known: KnownBy): Traces {
  const { id, externalId, email, requestedEmail = null, firstName, lastName, phone, phoneE164 } = known;
  const keys = [email, requestedEmail].flatMap((address) => (address === null ? [] : emailKeysOf(address)));
  return {
    userId: id,
    email,
    requestedEmail,
    phone: phoneE164,
    indexed: known.indexed ?? null,
    texts: recognisable([
      ...[externalId, email, requestedEmail, ...keys, firstName, lastName, phone, phoneE164],
      // A user who changed has its former texts in a row of the search, folded.
      ...(known.indexed?.texts ?? []).flatMap(fieldsOf),
    ]),
  };
}

function recognisable(texts: readonly (string | null)[]): string[] {
  const distinct = new Set(texts.filter((text) => text !== null));
  return [...distinct].filter(
    (text) => text.length >= textBytesMin || Buffer.byteLength(text) >= textBytesMin,
  );
}

/** Seals the values of the user. */
export function sealTraces(
  secrets: SecretBox,
  erasure: Pick<Erasure, 'orgKey' | 'id'>,
  { id, externalId, email, requestedEmail, firstName, lastName, phone, phoneE164 }: User,
  indexed: IndexedTexts | null,
): string {
  const own = { id, externalId, email, requestedEmail, firstName, lastName, phone, phoneE164 };
  const known: KnownBy = { ...own, indexed };
  return secrets.seal(JSON.stringify(known), tracesContext(erasure));
}

/** Null where the traces were dropped. Throws where no known secret opens them. */
export function openTraces(
  secrets: SecretBox,
  erasure: Pick<Erasure, 'orgKey' | 'id' | 'sealedTraces'>,
): Traces | null {
  if (erasure.sealedTraces === null) return null;
  const known: KnownBy = JSON.parse(secrets.open(erasure.sealedTraces, tracesContext(erasure)));
  return toTraces(known);
}

/** The text that is bound to sealed traces, so that they open only as this erasure's. */
export function tracesContext({ orgKey, id }: Pick<Erasure, 'orgKey' | 'id'>): string {
  return `erasure ${orgKey} ${id}`;
}
