/**
 * A connection: the link between a user and a provider of device data, with its states and its stores. Pure: nothing
 * here waits or writes.
 *
 * A connection is `pending` until the person has come back from the provider, `active` while its grant is valid,
 * `needs_user` once the provider says that the grant is gone or refuses every refresh, and after a disconnect `revoking` until the provider
 * confirms that access has ended. The table below has every edge: a missing edge is a refusal.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs, notBeyond, secondMs } from '../time.ts';
import { nextState, type Transitions } from '../transitions.ts';

export const connectionStates = [
  'pending',
  'active',
  'needs_user',
  'revoking',
  'revoked',
  'overdue',
] as const;
export type ConnectionState = (typeof connectionStates)[number];

/**
 * `grant`: the provider gave a grant. `lose`: the provider says that the grant is gone, or refuses every refresh. `disconnect`: access must end,
 * and Roster notifies the provider. `discard`: access must end, and no grant was ever given. `end`: the provider has confirmed
 * the end. `miss`: the provider has not confirmed before the deadline. `abandon`: an operator gives up on the provider.
 */
export type ConnectionEvent = 'grant' | 'lose' | 'disconnect' | 'discard' | 'end' | 'miss' | 'abandon';

/** The life of a connection: state, event, next state. Drawn in `docs/states.md`. */
export const connectionTransitions: Transitions<ConnectionState, ConnectionEvent> = {
  pending: { grant: 'active', disconnect: 'revoking', discard: 'revoked' },
  active: { lose: 'needs_user', disconnect: 'revoking' },
  needs_user: { grant: 'active', disconnect: 'revoking' },
  revoking: { end: 'revoked', miss: 'overdue' },
  overdue: { end: 'revoked', abandon: 'overdue' },
  revoked: {},
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextConnectionState(from: ConnectionState, event: ConnectionEvent): ConnectionState {
  return nextState(connectionTransitions, from, event);
}

/** Instants are epoch milliseconds. */
export interface Connection {
  readonly orgKey: OrgKey;
  /** `dev_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  /** The provider's name, also of a provider that is switched off. */
  readonly provider: string;
  readonly status: ConnectionState;
  /** When the provider last gave a grant; null before the first. */
  readonly connectedAt: number | null;
  readonly lastSyncAt: number | null;
  /** The grants, sealed (`grant.ts`); null before the first and after a disconnect. */
  readonly sealedGrants: string | null;
  /** A keyed digest of the provider and the person's id there (`linked-account.ts`); null where it is not known. */
  readonly accountDigest: string | null;
  /** When to refresh the tokens next; null where there is nothing to refresh. */
  readonly refreshAt: number | null;
  /**
   * Refreshes of the present grant since the last known answer: above 0 the provider may have given tokens whose
   * answer was lost.
   */
  readonly unanswered: number;
  /** Failed refreshes in a row, and why the last one failed: a short code; `gone` where the grant is gone. */
  readonly refreshFailures: number;
  /** How many of them the provider refused without saying whether it knows the grant, or answered with a web page. */
  readonly refreshRefusals: number;
  readonly refreshOutcome: string | null;
  /** Rises with each change, so that of two concurrent changes exactly one succeeds. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewConnection = Pick<Connection, 'id' | 'userId' | 'provider' | 'createdAt'>;

/** The outcome of a refresh that the provider answers with the end of the grant. */
export const goneOutcome = 'gone';

/** Whether the connection stores grants: one may still come, or has come and was not ended. */
export function takesGrants({ status }: Pick<Connection, 'status'>): boolean {
  return status === 'pending' || status === 'active' || status === 'needs_user';
}

export type ConnectionChanges = Partial<
  Pick<
    Connection,
    | 'status'
    | 'connectedAt'
    | 'sealedGrants'
    | 'accountDigest'
    | 'refreshAt'
    | 'unanswered'
    | 'refreshFailures'
    | 'refreshRefusals'
    | 'refreshOutcome'
    | 'updatedAt'
  >
>;

/** The connections of one organization. */
export interface ConnectionStore {
  /** Adds a `pending` connection. */
  insert(connection: NewConnection): Promise<Connection>;
  find(id: string): Promise<Connection | null>;
  /** As `find`, locked against other changes. A change that also locks the user locks the user first. */
  lock(id: string): Promise<Connection | null>;
  /** Every connection of the user, newest first. */
  listOf(userId: UserId): Promise<readonly Connection[]>;
  /** As `listOf`, locked against other changes. */
  lockOf(userId: UserId): Promise<readonly Connection[]>;
  /**
   * Whether a connection of another user of the app stores a grant for that account. Until the transaction ends, no
   * other asks this of the account.
   */
  isLinkedElsewhere(wanted: {
    readonly accountDigest: string;
    readonly appId: string;
    readonly userId: UserId;
  }): Promise<boolean>;
  /**
   * Sets the time of the last sync where it is later than the stored one, or that one is later than `latest`, which no sync
   * can be; no conflict with other changes.
   */
  noteSync(id: string, at: number, latest: number): Promise<void>;
  /** Returns the changed connection. Refuses with `wrong_state` where its version is no longer that of `connection`. */
  update(connection: Connection, changes: ConnectionChanges): Promise<Connection>;
  /** Deletes a connection that has ended. */
  forget(id: string): Promise<void>;
}

/** Which connections an operator asks for. */
export interface ConnectionFilter {
  readonly status?: ConnectionState;
}

/** Connections across organizations, for the job that refreshes tokens and for the operator. */
export interface ConnectionQueue {
  /**
   * Claims active connections of the provider whose tokens are due, and counts a refresh as sent. For `leaseMs` no
   * other claim returns them.
   */
  claimRefreshes(
    provider: string,
    now: number,
    leaseMs: number,
    limit: number,
  ): Promise<readonly Connection[]>;
  /** The connection of that id, in any organization. */
  find(id: string): Promise<Connection | null>;
  /** Newest first. */
  list(filter: ConnectionFilter, limit: number): Promise<readonly Connection[]>;
  /** How many connections there are, by provider and state, and how many of them could not be refreshed. */
  count(): Promise<readonly ConnectionCount[]>;
}

export interface ConnectionCount {
  readonly provider: string;
  readonly status: ConnectionState;
  readonly count: number;
  /** Of those, how many had their last refresh fail, and one of the reasons. */
  readonly failing: number;
  readonly outcome: string | null;
}

/** An attempt to connect: a person has got the address of the start page, and may come back from the provider. */
export interface OAuthAttempt {
  /** SHA-256 of the flow token, which is in the address of the start page. */
  readonly flowDigest: string;
  readonly connectionId: string;
  readonly userId: UserId;
  /** `AttemptSecrets`, sealed. */
  readonly sealedSecrets: string;
  readonly returnTo: ReturnTo;
  readonly expiresAt: number;
}

/** The page that the callback shows: one that says how it went, or one that also notifies the window that opened it. */
export const returnTargets = ['page', 'opener'] as const;
export type ReturnTo = (typeof returnTargets)[number];

/** How the callback of an attempt ended; `exchanging`: its code is being exchanged. */
export type AttemptOutcome =
  | 'exchanging'
  | 'connected'
  | 'denied'
  | 'failed'
  | 'account_taken'
  | 'refused'
  | 'withdrawn';

/** How far the callback of an attempt is: null before it comes. `settlesAt` is when an exchange has ended for certain. */
export interface AttemptProgress {
  readonly outcome: AttemptOutcome | null;
  readonly settlesAt: number | null;
}

/** The browser that has begun the flow; null before the first one has. */
export interface AttemptBinding {
  /** SHA-256 of the OAuth state, which is new each time that a browser begins the flow. */
  readonly stateDigest: string | null;
  /** See `bindingDigest` in `browser-binding.ts`. */
  readonly browserDigest: string | null;
}

export interface SeenAttempt extends OAuthAttempt, AttemptBinding, AttemptProgress {}

export interface OAuthAttemptStore {
  /** Adds an attempt that no browser has begun. */
  insert(attempt: OAuthAttempt): Promise<void>;
  /** The attempt, expired or not. */
  find(flowDigest: string): Promise<SeenAttempt | null>;
  /** The attempt that was last begun with that state, expired or not. */
  findByState(stateDigest: string): Promise<SeenAttempt | null>;
  /** Binds an open attempt to a browser in place of a former one. False where it was consumed. */
  bind(
    flowDigest: string,
    binding: { readonly stateDigest: string; readonly browserDigest: string; readonly sealedSecrets: string },
  ): Promise<boolean>;
  /**
   * Consumes the attempt with that state, expired or not: of several callers exactly one gets it. It stays, as `refused`
   * until `settle`, and is deleted after it has expired.
   */
  consume(stateDigest: string): Promise<OAuthAttempt | null>;
  /** Stores the progress of a consumed attempt; with the outcome null it is open again. */
  settle(flowDigest: string, progress: AttemptProgress): Promise<void>;
  /** Moves the end of the attempt. */
  extend(flowDigest: string, expiresAt: number): Promise<void>;
  /** The newest attempt of the connection that has not expired and was not consumed. */
  findOpen(connectionId: string, now: number): Promise<OAuthAttempt | null>;
  /** Voids the attempts of a connection that were not consumed. */
  drop(connectionId: string): Promise<void>;
  /** Voids the attempts of a user that were not consumed. */
  dropOf(userId: UserId): Promise<void>;
}

export const attemptLifeMs = 10 * minuteMs;
/** A pending connection is deleted after this time where its person has not come back. */
export const pendingLifeMs = dayMs;

/** Longer than a refresh can take. */
export const refreshLeaseMs = minuteMs;
const refreshBackoff: Backoff = { firstMs: 15 * secondMs, maxMs: hourMs };
/** So many refused refreshes in a row, within about five hours, and the person must connect again. */
export const refreshRefusalsMax = 12;
const refreshMarginMaxMs = 30 * minuteMs;
/**
 * Tokens are refreshed once in this time also where they last longer. Shorter than a day, so that a refresh that a clock a day
 * ahead has claimed is seen to be too far ahead.
 */
export const refreshAheadMaxMs = 20 * hourMs;

/** When to refresh tokens: before they expire by a fifth of their life, at most half an hour; and within 20 hours. */
export function refreshTimeOf(expiresAt: number, now: number): number {
  const life = Math.max(0, expiresAt - now);
  const at = expiresAt - Math.min(refreshMarginMaxMs, Math.floor(life / 5));
  return notBeyond(at, refreshAheadMaxMs, now);
}

/** When to try again after the `failures`-th failed refresh in a row: 15 s, doubling, an hour at most. */
export function nextRefreshAt(failures: number, now: number): number {
  return now + backoffMs(failures, refreshBackoff);
}

/** The context that sealed grants are bound to, so that they open only as grants of this connection. */
export function connectionContext(connection: Pick<Connection, 'orgKey' | 'id'>): string {
  return `connection ${connection.orgKey} ${connection.id}`;
}
