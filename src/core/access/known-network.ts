/**
 * The networks from which an account has signed in within 90 days. Tries of strangers elsewhere never delay a sign-in
 * from one of them, and a sign-in from outside them is told to its owner. A network is one IPv4 address or an IPv6 /64, as
 * throttles count it; its site is the /24 or /48 around it. Rows hold keyed digests that differ between accounts.
 */

import type { UserId } from '../ids.ts';
import { dayMs } from '../time.ts';

export const knownNetworkMs = 90 * dayMs;
/** The oldest networks of an account beyond this number are forgotten. */
export const knownNetworksMax = 20;

/** Keyed digests of a network and of its site. */
export interface NetworkDigests {
  readonly network: string;
  readonly site: string;
}

export interface NetworkFamiliarity {
  readonly isKnown: boolean;
  readonly isSiteKnown: boolean;
}

export interface KnownNetworkStore {
  /** Whether the account has signed in from there since that instant. */
  find(userId: UserId, digests: NetworkDigests, since: number): Promise<NetworkFamiliarity>;
  /** Stores that the account has signed in from there. */
  note(userId: UserId, digests: NetworkDigests, at: number): Promise<void>;
  /** Forgets the network that was used longest ago, but not that one, where the account has more than `keep`. */
  forgetOldest(userId: UserId, except: NetworkDigests, keep: number): Promise<void>;
  /** When each network was last used, of those that were used since that instant; newest first. */
  listUses(userId: UserId, since: number): Promise<readonly number[]>;
  /** Forgets every network of the account. */
  drop(userId: UserId): Promise<void>;
}
