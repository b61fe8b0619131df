/**
 * Reads tokens from the body of an answer. Only the access token is needed: every other member that is missing,
 * malformed or empty counts as absent, so that no token is lost.
 */
import type { TokenGrant } from '../../core/providers/grant.ts';
import { dayMs, secondMs } from '../../core/time.ts';
import { type Members, membersOf } from './provider-http.ts';

export interface ReadOptions {
  /** The member with the person's id at the provider; null where no call needs it. */
  readonly accountField: string | null;
  /** The tokens of the refresh, with the values that its answer may omit; null for a code. */
  readonly before: Pick<TokenGrant, 'refreshToken' | 'account'> | null;
  readonly now: number;
}

/** The tokens in the body, or in an object in it; null where there is no access token. */
export function readTokens(
  body: Members,
  { accountField, before, now }: ReadOptions,
): Omit<TokenGrant, 'clientId'> | null {
  const holder = [body, ...Object.values(body).map(membersOf)].find((each) => textOf(each['access_token']));
  const accessToken = textOf(holder?.['access_token']);
  if (holder === undefined || accessToken === null) return null;
  const { refresh_token: refreshToken, expires_in: expiresIn } = holder;
  const account = accountField === null ? null : (idOf(holder[accountField]) ?? idOf(body[accountField]));
  const lifeMs = lifeOf(expiresIn);
  return {
    kind: 'tokens',
    accessToken,
    // RFC 6749, section 6: without a new refresh token the present one stays valid.
    refreshToken: textOf(refreshToken) ?? before?.refreshToken ?? null,
    expiresAt: lifeMs === null ? null : now + lifeMs,
    account: account ?? before?.account ?? null,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function idOf(value: unknown): string | null {
  return typeof value === 'number' ? String(value) : textOf(value);
}

/** No token lives longer; a greater number is a mistake. */
const lifeMaxMs = 36_500 * dayMs;

/** The lifetime that a number of seconds says, also as a text; null where it says none. */
function lifeOf(value: unknown): number | null {
  const isText = typeof value === 'string' && /^\d{1,10}(\.\d+)?$/.test(value);
  const seconds = isText ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  const lifeMs = Math.floor(seconds * secondMs);
  return lifeMs <= lifeMaxMs ? lifeMs : null;
}
