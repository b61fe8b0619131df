/**
 * The tokens of the Connect page: the purpose and the lifetime of each kind. Each token belongs to one user, and so to
 * one app; all are stored as digests.
 *
 * `session`, `id` and `public` open the Connect page for their user. `access` and `refresh` are for the app's backend:
 * an access token names a user with a connected source, and a refresh token is consumed for a new pair of the two.
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

/** The prefix and the lifetime of each kind. */
export const connectTokenRules = {
  session: { prefix: 'cs', lifeMs: hourMs },
  id: { prefix: 'ci', lifeMs: hourMs },
  access: { prefix: 'ca', lifeMs: dayMs },
  refresh: { prefix: 'cr', lifeMs: 90 * dayMs },
  public: { prefix: 'cp', lifeMs: dayMs },
} as const satisfies Readonly<Record<ConnectTokenKind, { prefix: TokenPrefix; lifeMs: number }>>;

/** The kinds that open the Connect page. */
export const pageTokenKinds: readonly ConnectTokenKind[] = ['session', 'id', 'public'];

/**
 * How long the row of an expired token stays. While it stays, the Connect page can say in the frame of its app that the
 * token has expired; of an unknown token the app is not known.
 */
export const connectTokenRetentionMs = 7 * dayMs;

/** The tokens of the Connect page in one organization. */
export interface ConnectTokenStore {
  insert(token: ConnectToken, digest: string): Promise<void>;
  /** The token, expired or not, with its user in any state; null where none has that digest. */
  findByDigest(digest: string): Promise<{ readonly token: ConnectToken; readonly user: User } | null>;
  /** Consumes a token of the kind that has not expired: exactly one caller gets it. */
  consume(digest: string, kind: ConnectTokenKind, now: number): Promise<ConnectToken | null>;
}
