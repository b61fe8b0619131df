/**
 * The tokens of the Connect page: the purpose and the lifetime of each kind. Each token belongs to one user, and so to
 * one app; all are stored as digests.
 *
 * `session`, `id` and `public` open the Connect page for their user. `access` and `refresh` are for the app's backend:
 * an access token names a user with a connected source, and a refresh token is consumed for a new pair of the two.
 *
 * A refresh token and all tokens that descend from it are a family, named by the digest of the first refresh token. A
 * consumed refresh token that comes again was copied: its whole family is then deleted (RFC 9700, section 4.14.2).
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

export interface TokenLineage {
  /** The digest of the first refresh token of the family. */
  readonly family: string;
  readonly isConsumed: boolean;
}

/** The tokens of the Connect page in one organization. */
export interface ConnectTokenStore {
  /** `family` is null for the first refresh token of a family, and for tokens without one. */
  insert(token: ConnectToken, digest: string, family?: string | null): Promise<void>;
  /** The token, expired or not, with its user in any state; null where none has that digest. */
  findByDigest(digest: string): Promise<{ readonly token: ConnectToken; readonly user: User } | null>;
  /** Consumes a token of the kind that has not expired: exactly one caller gets it. Its row stays. */
  consume(digest: string, kind: ConnectTokenKind, now: number): Promise<ConnectToken | null>;
  /** Ends the tokens with which the Connect page is open for the user. Their rows stay for a while. */
  endPages(userId: UserId, now: number): Promise<void>;
  /** The family of a refresh token, and whether the token was consumed; null where none has that digest. */
  findLineage(digest: string): Promise<TokenLineage | null>;
  /** Deletes every token of the family. */
  deleteFamily(family: string): Promise<void>;
}
