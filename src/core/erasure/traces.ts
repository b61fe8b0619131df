/**
 * What a person was known by, kept sealed from the deletion until nothing of it is found any more: in rows, and in
 * the remains that a database leaves in its files. Then it is dropped, long before a slow provider has answered.
 */
import type { User } from '../directory/user.ts';
import { canonicalEmail } from '../directory/user-fields.ts';
import type { UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import type { Erasure } from './erasure.ts';

export interface Traces {
  readonly userId: UserId;
  /** The address as it is compared, which may be somebody's again by now; null where there was none. */
  readonly email: string | null;
  /** What would be recognised in bytes: addresses, phone numbers, names, the external id. */
  readonly texts: readonly string[];
}

/** As they are sealed: what the user said, null where nothing. */
type KnownBy = Pick<User, 'id' | 'externalId' | 'email' | 'firstName' | 'lastName' | 'phone' | 'phoneE164'>;

/** Shorter texts are part of too many others; nothing that holds them lacks the longer ones beside them. */
const textBytesMin = 4;

function toTraces({ id, externalId, email, firstName, lastName, phone, phoneE164 }: KnownBy): Traces {
  const canonical = email === null ? null : canonicalEmail(email);
  return {
    userId: id,
    email: canonical,
    texts: recognisable([externalId, email, canonical, firstName, lastName, phone, phoneE164]),
  };
}

function recognisable(texts: readonly (string | null)[]): string[] {
  const distinct = new Set(texts.filter((text) => text !== null));
  return [...distinct].filter((text) => Buffer.byteLength(text) >= textBytesMin);
}

/** Seals what the user is known by. */
export function sealTraces(
  secrets: SecretBox,
  erasure: Pick<Erasure, 'orgKey' | 'id'>,
  { id, externalId, email, firstName, lastName, phone, phoneE164 }: User,
): string {
  const known: KnownBy = { id, externalId, email, firstName, lastName, phone, phoneE164 };
  return secrets.seal(JSON.stringify(known), tracesContext(erasure));
}

/** Null where they were dropped. Throws where no known secret opens them. */
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
