/**
 * Reads tokens from the body of an answer. Only a token is needed, wherever it is: every other member that is missing,
 * malformed or empty counts as absent, so that no token is lost.
 */
import { clockSkewMs, type TokenGrant } from '../../core/providers/grant.ts';
import { dayMs, parseInstant, secondMs } from '../../core/time.ts';
import { inOneSpelling, type Members, membersOf, objectsIn } from './answer-body.ts';

export interface ReadOptions {
  /** The member with the person's id at the provider; null where no call needs it. */
  readonly accountField: string | null;
  /** The tokens of the refresh, with the values that its answer may omit; null for a code. */
  readonly before: Pick<TokenGrant, 'accessToken' | 'refreshToken' | 'account'> | null;
  readonly now: number;
}

/** What is under these names are words about a token, or what was sent. */
const notGiven: ReadonlySet<string> = new Set(['error', 'errors', 'fault', 'detail', 'details', 'request']);

/**
 * The tokens in the body, or in an object in it; null where there is none. A refresh token alone is a grant too: its
 * access token has expired.
 */
export function readTokens(
  body: Members,
  { accountField, before, now }: ReadOptions,
): Omit<TokenGrant, 'clientId'> | null {
  const objects = objectsIn(body, notGiven);
  const spelled = objects.map(inOneSpelling);
  const holder =
    spelled.find((each) => tokenOf(each['access_token']) !== null) ??
    spelled.find((each) => tokenOf(each['refresh_token']) !== null);
  if (holder === undefined) return null;
  const accessToken = tokenOf(holder['access_token']);
  const refreshToken = tokenOf(holder['refresh_token']);
  const accounts =
    accountField === null ? [] : [holder, ...objects].map((each) => idOf(memberAt(each, accountField)));
  return {
    kind: 'tokens',
    accessToken: accessToken ?? before?.accessToken ?? '',
    // RFC 6749, section 6: without a new refresh token the present one stays valid.
    refreshToken: refreshToken ?? before?.refreshToken ?? null,
    expiresAt: accessToken === null && before === null ? now - clockSkewMs : expiryOf(holder, now),
    account: accounts.find((account) => account !== null) ?? before?.account ?? null,
  };
}

/** A text that is not blank, or a number: some services give numbers as tokens. */
function tokenOf(value: unknown): string | null {
  if (typeof value === 'number') return value > 0 ? String(value) : null;
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** The member at a path with dots. */
function memberAt(body: Members, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => membersOf(value)[name], body);
}

function idOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** No token lives longer; a greater number is a mistake. */
const lifeMaxMs = 36_500 * dayMs;

/** When the access token expires, by its lifetime or else by its date; null where the body says neither. */
function expiryOf({ expires_in: expiresIn, expires_at: expiresAt }: Members, now: number): number | null {
  const seconds = numberOf(expiresIn);
  if (seconds !== null && seconds > 0) return atMost(now + Math.floor(seconds * secondMs), now);
  const instant = typeof expiresAt === 'string' ? parseInstant(expiresAt) : null;
  const dateSeconds = numberOf(expiresAt);
  const date = instant ?? (dateSeconds === null ? null : Math.floor(dateSeconds * secondMs));
  return date !== null && date > now ? atMost(date, now) : null;
}

function atMost(expiresAt: number, now: number): number | null {
  return expiresAt - now <= lifeMaxMs ? expiresAt : null;
}

/** The number that a value says, also as a text. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'string') return /^\s*\d{1,12}(\.\d+)?\s*$/.test(value) ? Number(value) : null;
  return typeof value === 'number' ? value : null;
}
