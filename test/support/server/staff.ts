/**
 * Staff accounts of the console for tests, signed in without the ceremony of passwords and second factors:
 *
 *     const owner = await roster.organization.staff('owner');
 *     const reply = await roster.call('GET /console/api/v1/session', owner.ask);
 */
import type { StaffRole } from '../../../src/core/access/principal.ts';
import type { Core } from '../../../src/core/core.ts';
import { newPrefixedId, type OrgKey } from '../../../src/core/ids.ts';
import { digestOf, newToken } from '../../../src/core/secret.ts';
import { isAliveStaff } from '../../../src/core/staff/staff-session.ts';
import type { Ask, Reply } from './http.ts';

export interface SignedInStaff {
  /** `stf_` and 32 hex digits. */
  readonly staffId: string;
  readonly sessionId: string;
  readonly email: string;
  /** The token of the session. */
  readonly token: string;
  /** The headers that a page of the console sends. */
  readonly ask: StaffAsk;
}

export type StaffAsk = Ask & { readonly headers: Readonly<Record<string, string>> };

export interface StaffOptions {
  /** Whether the second factor was given too long ago. */
  readonly isStale?: boolean;
  /** Opens another session of this account instead of a new account. */
  readonly of?: SignedInStaff;
  /** With `of`: the session of `of` itself, while it has not ended. */
  readonly isSame?: boolean;
}

/** Creates a staff account with that role and an open session, whose second factor is fresh unless `isStale`. */
export async function signInStaff(
  core: Core,
  orgKey: OrgKey,
  role: StaffRole,
  { isStale = false, of, isSame = false }: StaffOptions = {},
): Promise<SignedInStaff> {
  if (of !== undefined && isSame) {
    const digest = digestOf(of.token);
    const found = await core.work.read(orgKey, (tx) => tx.staffSessions.findByDigest(digest));
    if (found !== null && isAliveStaff(found.session, core.clock.now())) return of;
  }
  const now = core.clock.now();
  const staffId = of?.staffId ?? newPrefixedId('stf');
  const email = of?.email ?? `${role}-${staffId}@staff.example.com`;
  const token = newToken('ss', orgKey);
  const sessionId = newPrefixedId('ses');
  await core.work.change(orgKey, async (tx) => {
    if (of === undefined) {
      await tx.staff.insert({
        ...{ id: staffId, email, name: `The ${role}`, role },
        ...{ passwordHash: null, sealedTotp: null, createdAt: now, enrolledAt: now },
      });
    }
    await tx.staffSessions.insert(
      {
        ...{ id: sessionId, staffId, stage: 'open', network: '127.0.0.1', startedAt: now, lastUsedAt: now },
        ...{ factorAt: isStale ? null : now, sealedTotp: null },
      },
      digestOf(token),
    );
  });
  return { staffId, sessionId, email, token, ask: staffAsk(token) };
}

/** The headers that a page of the console sends, with the session of that token. */
export function staffAsk(token: string | null): StaffAsk {
  return {
    headers: {
      ...(token === null ? {} : { cookie: `roster-console=${token}` }),
      ...{ 'x-roster-console': '1', 'sec-fetch-site': 'same-origin' },
    },
  };
}

/** The headers of the next call of a browser that got this answer: with the cookie that it sets. */
export function askAfter(reply: Pick<Reply, 'headers'>): StaffAsk {
  const [cookie = ''] = reply.headers['set-cookie'] ?? [];
  return staffAsk(/^roster-console=([^;]+);/.exec(cookie)?.[1] ?? null);
}
