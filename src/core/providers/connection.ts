/**
 * What a connection is: the link between a user and a provider of device data, and which states it can have. Pure:
 * nothing here waits or writes.
 *
 * A connection is `pending` until the person has come back from the provider, `active` while its grant lives,
 * `needs_user` once the provider says that the grant is gone, and after a disconnect `revoking` until the provider
 * confirms that access has ended. The table below is the whole life: a missing edge is a refusal.
 */

import { type Backoff, backoffMs } from '../backoff.ts';
import type { OrgKey, UserId } from '../ids.ts';
import { dayMs, hourMs, minuteMs, secondMs } from '../time.ts';
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
 * `connect`: the provider gave a grant. `lose`: it says that the grant is gone. `disconnect`: access is to end, and
 * the provider must be told. `discard`: the same where no grant was ever given. `end`: the provider has confirmed.
 * `miss`: it has not, within the time it has. `abandon`: an operator has it asked no more.
 */
export type ConnectionEvent = 'connect' | 'lose' | 'disconnect' | 'discard' | 'end' | 'miss' | 'abandon';

/** The life of a connection: state, event, next state. Drawn in `docs/states.md`. */
export const connectionTransitions: Transitions<ConnectionState, ConnectionEvent> = {
  pending: { connect: 'active', disconnect: 'revoking', discard: 'revoked' },
  active: { lose: 'needs_user', disconnect: 'revoking' },
  needs_user: { connect: 'active', disconnect: 'revoking' },
  revoking: { end: 'revoked', miss: 'overdue' },
  overdue: { end: 'revoked', abandon: 'overdue' },
  revoked: {},
};

/** The state after the event; refuses with `wrong_state` where the table has no such edge. */
export function nextConnectionState(from: ConnectionState, event: ConnectionEvent): ConnectionState {
  return nextState(connectionTransitions, from, event);
}

/** One link. Instants are epoch milliseconds. */
export interface Connection {
  readonly orgKey: OrgKey;
  /** `dev_` and 32 hex digits. */
  readonly id: string;
  readonly userId: UserId;
  /** The provider's name, also where it is no longer switched on. */
  readonly provider: string;
  readonly status: ConnectionState;
  /** When the provider last gave a grant; null before the first. */
  readonly connectedAt: number | null;
  readonly lastSyncAt: number | null;
  /** The grants, sealed (`grant.ts`); null before the first and after a disconnect. */
  readonly sealedGrants: string | null;
  /** When to refresh the tokens next; null where nothing is to be refreshed. */
  readonly refreshAt: number | null;
  /**
   * Refreshes of the present grant since the last known answer: above 0 the provider may have given tokens that
   * never came here.
   */
  readonly unanswered: number;
  /** Refreshes in a row that brought nothing, and why the last one did not: a short code. */
  readonly refreshFailures: number;
  readonly refreshOutcome: string | null;
  /** Moves with each change, so that of two changes from one state one wins. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewConnection = Pick<Connection, 'id' | 'userId' | 'provider' | 'createdAt'>;

/** Whether a grant may come, or has come and lives on: what the provider gives is kept for it. */
export function takesGrants({ status }: Pick<Connection, 'status'>): boolean {
  return status === 'pending' || status === 'active' || status === 'needs_user';
}

export type ConnectionChanges = Partial<
  Pick<
    Connection,
    | 'status'
    | 'connectedAt'
    | 'sealedGrants'
    | 'refreshAt'
    | 'unanswered'
    | 'refreshFailures'
    | 'refreshOutcome'
    | 'updatedAt'
  >
>;

/** The connections of one organization. */
export interface ConnectionStore {
  /** Adds a `pending` connection. */
  insert(connection: NewConnection): Promise<Connection>;
  find(id: string): Promise<Connection | null>;
  /** As `find`, held against other changes. Whoever also changes the user locks the user first. */
  lock(id: string): Promise<Connection | null>;
  /** Every connection of the user, newest first. */
  listOf(userId: UserId): Promise<readonly Connection[]>;
  /** As `listOf`, held against other changes. */
  lockOf(userId: UserId): Promise<readonly Connection[]>;
  /** Moves the last sync forward, beside whatever else changes; nothing where it was later already. */
  noteSync(id: string, at: number): Promise<void>;
  /** The connection as it is afterwards. Refuses with `wrong_state` where it is not as `connection` says any more. */
  update(connection: Connection, changes: ConnectionChanges): Promise<Connection>;
}

/** Which connections an operator wants to see. */
export interface ConnectionFilter {
  readonly status?: ConnectionState;
}

/** Connections across organizations, for the job that refreshes tokens and the operator who looks. */
export interface ConnectionQueue {
  /**
   * Takes a lease on active connections of the provider whose tokens are due, and counts a refresh as sent: nobody
   * else gets them until `leaseMs` have passed.
   */
  claimRefreshes(
    provider: string,
    now: number,
    leaseMs: number,
    limit: number,
  ): Promise<readonly Connection[]>;
  /** By its id alone, for an operator who has nothing else. */
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

/** A person who was sent to a provider and may come back. */
export interface OAuthAttempt {
  /** SHA-256 of the state, which is nowhere else. */
  readonly stateDigest: string;
  readonly connectionId: string;
  readonly userId: UserId;
  /** What the callback needs: `AttemptSecrets`, sealed. */
  readonly sealedSecrets: string;
  readonly returnTo: ReturnTo;
  readonly expiresAt: number;
}

/** Where the callback leads: to a page that says how it went, or to one that also tells the page that opened it. */
export const returnPlaces = ['page', 'opener'] as const;
export type ReturnTo = (typeof returnPlaces)[number];

export interface OAuthAttemptStore {
  insert(attempt: OAuthAttempt): Promise<void>;
  /** Takes the attempt, expired or not: exactly one caller gets it. */
  consume(stateDigest: string): Promise<OAuthAttempt | null>;
  /** The newest attempt of a connection that has not expired. */
  findOpen(connectionId: string, now: number): Promise<OAuthAttempt | null>;
  /** Voids the attempts of a connection. */
  drop(connectionId: string): Promise<void>;
}

export const attemptLifeMs = 10 * minuteMs;
/** A pending connection that nobody has come back for is forgotten after so long. */
export const pendingLifeMs = dayMs;

/** Longer than a refresh can take. */
export const refreshLeaseMs = minuteMs;
const refreshBackoff: Backoff = { firstMs: 15 * secondMs, maxMs: hourMs };
const refreshMarginMaxMs = 30 * minuteMs;

/** When to refresh tokens: a fifth of their life before they expire, half an hour at most. */
export function refreshTimeOf(expiresAt: number, now: number): number {
  const life = Math.max(0, expiresAt - now);
  return expiresAt - Math.min(refreshMarginMaxMs, Math.floor(life / 5));
}

/** When to try again after the `failures`-th failed refresh in a row: 15 s, doubling, an hour at most. */
export function nextRefreshAt(failures: number, now: number): number {
  return now + backoffMs(failures, refreshBackoff);
}

/** The text that is bound to sealed grants, so that they open only as this connection's. */
export function connectionContext(connection: Pick<Connection, 'orgKey' | 'id'>): string {
  return `connection ${connection.orgKey} ${connection.id}`;
}
