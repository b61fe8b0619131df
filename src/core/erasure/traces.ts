/**
 * What a person was known by, kept sealed from the deletion until nothing of it is found any more: in rows, and in
 * the remains that a database leaves in its files. Then it is dropped, long before a slow provider has answered.
 */
import { userSubject } from '../access/subject.ts';
import type { User } from '../directory/user.ts';
import { canonicalEmail } from '../directory/user-fields.ts';
import type { UserId } from '../ids.ts';
import type { SecretBox } from '../secret.ts';
import type { Erasure } from './erasure.ts';

export interface Traces {
  readonly userId: UserId;
  /** The keyed digest that stands for the account in rows. */
  readonly account: string;
  /** The address as it is compared, which may be somebody's again by now; null where there was none. */
  readonly email: string | null;
  /** What would be recognised in bytes: addresses, phone numbers, names, the external id. */
  readonly texts: readonly string[];
  /** Those of them that databases keep a second time, in indexes. */
  readonly keys: readonly string[];
}

/** Shorter texts are part of too many others; nothing that holds them lacks the longer ones beside them. */
const textBytesMin = 4;

/** What the user is known by. */
export function tracesOf(secrets: SecretBox, user: User): Traces {
  const { id: userId, orgKey, externalId, firstName, lastName, phone, phoneE164 } = user;
  const email = user.email === null ? null : canonicalEmail(user.email);
  return {
    userId,
    account: userSubject(secrets, orgKey, userId),
    email,
    texts: recognisable([externalId, user.email, email, firstName, lastName, phone, phoneE164]),
    keys: recognisable([externalId, email]),
  };
}

function recognisable(texts: readonly (string | null)[]): string[] {
  const distinct = new Set(texts.filter((text) => text !== null));
  return [...distinct].filter((text) => Buffer.byteLength(text) >= textBytesMin);
}

export function sealTraces(
  secrets: SecretBox,
  erasure: Pick<Erasure, 'orgKey' | 'id'>,
  traces: Traces,
): string {
  return secrets.seal(JSON.stringify(traces), tracesContext(erasure));
}

/** Null where they were dropped. Throws where no known secret opens them. */
export function openTraces(
  secrets: SecretBox,
  erasure: Pick<Erasure, 'orgKey' | 'id' | 'sealedTraces'>,
): Traces | null {
  if (erasure.sealedTraces === null) return null;
  return JSON.parse(secrets.open(erasure.sealedTraces, tracesContext(erasure)));
}

/** The text that is bound to sealed traces, so that they open only as this erasure's. */
export function tracesContext({ orgKey, id }: Pick<Erasure, 'orgKey' | 'id'>): string {
  return `erasure ${orgKey} ${id}`;
}
