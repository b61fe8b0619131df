/**
 * The tokens of Connect: what each kind is for, and how long it lives. Each belongs to one user, and so to one app;
 * all are kept as digests, and a token that is not named here opens nothing.
 *
 * `session`, `id` and `public` open the page for their user. `access` and `refresh` are for the application's
 * backend: the former names a user whose sources are connected, the latter is spent on a new pair of the two.
 */
import type { User } from '../directory/user.ts';
import type { UserId } from '../ids.ts';
import type { TokenPrefix } from '../secret.ts';
import { dayMs, hourMs } from '../time.ts';

export const connectTokenKinds = ['session', 'id', 'access', 'refresh', 'public'] as const;
export type ConnectTokenKind = (typeof connectTokenKinds)[number];

export interface ConnectToken {
  readonly userId: UserId;
  readonly kind: ConnectTokenKind;
  readonly expiresAt: number;
}

/** How a token of the kind begins, and how long it is good. */
export const connectTokenRules = {
  session: { prefix: 'cs', lifeMs: hourMs },
  id: { prefix: 'ci', lifeMs: hourMs },
  access: { prefix: 'ca', lifeMs: dayMs },
  refresh: { prefix: 'cr', lifeMs: 90 * dayMs },
  public: { prefix: 'cp', lifeMs: dayMs },
} as const satisfies Readonly<Record<ConnectTokenKind, { prefix: TokenPrefix; lifeMs: number }>>;

/** The kinds that open the page. */
export const pageTokenKinds: readonly ConnectTokenKind[] = ['session', 'id', 'public'];

/**
 * How long a token is remembered after its end: whoever opens the page with it is told so in a window of the app
 * that it was given to, which is not known for a token that was never given.
 */
export const connectTokenMemoryMs = 7 * dayMs;

/** The tokens of Connect in one organization. */
export interface ConnectTokenStore {
  insert(token: ConnectToken, digest: string): Promise<void>;
  /** The token, expired or not, with its user, whatever their state; null where none has that digest. */
  findByDigest(digest: string): Promise<{ readonly token: ConnectToken; readonly user: User } | null>;
  /** Takes a token of the kind that has not expired: exactly one caller gets it. */
  consume(digest: string, kind: ConnectTokenKind, now: number): Promise<ConnectToken | null>;
}
