/**
 * The only way to a store. A unit of work is opened for a scope: one organization, or the system with a reason. It gives
 * access to the stores of that scope, so it is impossible to forget the tenant in a query.
 *
 * `change` is one durable transaction: once it resolves, everything that it wrote is on disk and outlasts a `kill -9`; a change
 * is never written in part. The work must wait only for the stores: no hashing, no network, no timer. A store may run the work
 * several times for one outcome, so the work must have no other effects.
 */

import type { HashCostQueue, HashCostStore } from './access/hash-cost.ts';
import type { IdempotencyStore } from './access/idempotency-store.ts';
import type { KnownNetworkStore } from './access/known-network.ts';
import type { PasswordLeaseStore } from './access/password-changes.ts';
import type { SessionStore } from './access/session.ts';
import type { ThrottleStore } from './access/throttle.ts';
import type { ConnectTokenStore } from './connect-page/connect-token.ts';
import type { TrialPersonStore } from './connect-page/trial-person-store.ts';
import type { DemoPeopleStore } from './demo-people/demo-people-store.ts';
import type { AppDirectory, AppStore, OrganizationStore } from './directory/organization.ts';
import type { UserDirectory, UserStore } from './directory/user-store.ts';
import type { ErasureQueue, ErasureStore } from './erasure/erasure.ts';
import type { LedgerPositionStore } from './erasure/ledger.ts';
import type { ReceiptKeyStore } from './erasure/receipt-key-store.ts';
import type { RefusedDeletionStore } from './erasure/refused-deletion-store.ts';
import type { DayTotalStore } from './figures/day-totals.ts';
import type { OrgKey } from './ids.ts';
import type { ApiKeyDirectory, ApiKeyStore } from './keys/api-key.ts';
import type { MessageBudgetQueue, MessageBudgetStore } from './messaging/budget-store.ts';
import type { MessageQueue, MessageStore } from './messaging/message-queue.ts';
import type { PasswordRequestQueue, PasswordRequestStore } from './messaging/password-request.ts';
import type { SmsLimitQueue, SmsLimitStore } from './messaging/sms-rules.ts';
import type { BulkActStore } from './people/bulk-act.ts';
import type { RevealStore } from './people/reveal-store.ts';
import type { PersonDataStore } from './person-export/person-data.ts';
import type { ConnectionQueue, ConnectionStore, OAuthAttemptStore } from './providers/connection.ts';
import type { RevocationQueue, RevocationStore } from './providers/revocation.ts';
import type { AuditQueue, AuditStore } from './record/audit-event.ts';
import type { SealedTextStore } from './sealing/sealed-text.ts';
import type { UserSearchQueue, UserSearchStore } from './search/user-search-store.ts';
import type { StaffDirectory, StaffFactorStore, StaffStore } from './staff/staff-account.ts';
import type { StaffSessionStore } from './staff/staff-session.ts';
import type { ImportStore } from './transfer/import-progress.ts';
import type { ConfirmationCodeStore } from './verification/confirmation-code.ts';
import type { EmailRequestQueue } from './verification/email-request-queue.ts';
import type { EmailTokenStore } from './verification/email-token.ts';
import type { PasswordTokenStore } from './verification/password-token.ts';

/** The stores of one organization. */
export interface Tx {
  readonly orgKey: OrgKey;
  readonly apps: AppStore;
  readonly users: UserStore;
  readonly userSearch: UserSearchStore;
  readonly apiKeys: ApiKeyStore;
  readonly sessions: SessionStore;
  readonly codes: ConfirmationCodeStore;
  readonly hashCosts: HashCostStore;
  readonly passwordLeases: PasswordLeaseStore;
  readonly passwordTokens: PasswordTokenStore;
  readonly emailTokens: EmailTokenStore;
  readonly passwordRequests: PasswordRequestStore;
  readonly networks: KnownNetworkStore;
  readonly throttles: ThrottleStore;
  readonly messages: MessageStore;
  readonly smsLimits: SmsLimitStore;
  readonly messageBudgets: MessageBudgetStore;
  readonly idempotency: IdempotencyStore;
  readonly audit: AuditStore;
  readonly connectTokens: ConnectTokenStore;
  readonly connections: ConnectionStore;
  readonly attempts: OAuthAttemptStore;
  readonly revocations: RevocationStore;
  readonly erasures: ErasureStore;
  readonly refusedDeletions: RefusedDeletionStore;
  readonly imports: ImportStore;
  readonly personData: PersonDataStore;
  readonly reveals: RevealStore;
  readonly bulkActs: BulkActStore;
  readonly staff: StaffStore;
  readonly staffFactors: StaffFactorStore;
  readonly staffSessions: StaffSessionStore;
  readonly dayTotals: DayTotalStore;
  readonly demoPeople: DemoPeopleStore;
  readonly trialPeople: TrialPersonStore;
}

/** The stores that belong to no organization, or to all organizations. */
export interface SystemTx {
  readonly organizations: OrganizationStore;
  readonly apps: AppDirectory;
  readonly apiKeys: ApiKeyDirectory;
  readonly users: UserDirectory;
  readonly messages: MessageQueue;
  readonly messageBudgets: MessageBudgetQueue;
  readonly smsLimits: SmsLimitQueue;
  readonly audit: AuditQueue;
  readonly passwordRequests: PasswordRequestQueue;
  readonly emailRequests: EmailRequestQueue;
  readonly userSearch: UserSearchQueue;
  readonly hashCosts: HashCostQueue;
  readonly connections: ConnectionQueue;
  readonly revocations: RevocationQueue;
  readonly sealed: SealedTextStore;
  readonly erasures: ErasureQueue;
  readonly receiptKeys: ReceiptKeyStore;
  readonly ledgerPositions: LedgerPositionStore;
  readonly staff: StaffDirectory;
  /** Counters by network. */
  readonly throttles: ThrottleStore;
  readonly housekeeping: Housekeeping;
  /** Of the whole deployment. */
  readonly dayTotals: DayTotalStore;
  /** The stores of an organization inside the same transaction. */
  within(orgKey: OrgKey): Tx;
}

/** Deletes rows that nothing needs any more, and cuts times that no clock that is right can have written. */
export interface Housekeeping {
  /**
   * Cuts times that lie further ahead than their longest window, at most `limit` of each kind. Without `isSteady` only those
   * whose cut ends nothing that is valid. Returns how many.
   */
  mendTimes(now: number, how: { readonly isSteady: boolean; readonly limit: number }): Promise<number>;
  /** Deletes expired rows, such as sessions, codes and settled messages: at most `limit` of each kind. Returns how many. */
  sweep(now: number, limit: number): Promise<number>;
  /**
   * Deletes audit events up to the instant `until`, at most `limit`, of some organizations after the given one. `next` is the
   * organization after which the next sweep goes on: the same one where more may be due, 0 after the last of all.
   */
  sweepEvents(sweep: {
    readonly after: OrgKey;
    readonly until: number;
    readonly limit: number;
  }): Promise<{ readonly swept: number; readonly next: OrgKey }>;
}

/** Why a unit of work needs more than one organization. It is for the reader only: a store does nothing by it. */
export type SystemReason = 'authentication' | 'throttle' | 'job' | 'operator';

export interface ChangeOptions {
  /**
   * Each step of the work is confined to one user or one erasure: it locks it first, and then reads and changes only rows
   * that belong to it. A store may interleave the steps with each other and with those of other confined changes. A
   * confined change may still call a store that locks more, such as `lockActiveAdmins`: it is then run in order.
   */
  readonly isConfined?: boolean;
}

export interface ReadOptions {
  /**
   * A copy of the database may answer, if it has all that was committed before the call. For long reads that no answer to a change
   * depends on: exports, the audit log, figures.
   */
  readonly mayBeLate?: boolean;
}

export interface SystemChangeOptions {
  /**
   * No two exclusive changes run at the same time, in all processes. For work that looks for rows first and then writes
   * those that it has not found, such as the first organization.
   */
  readonly isExclusive?: boolean;
  /** A request waits for the change, so it must not wait behind the changes of jobs. */
  readonly isAwaited?: boolean;
}

export interface UnitOfWork {
  /** Runs `work` in one durable transaction of an organization. */
  change<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>, options?: ChangeOptions): Promise<T>;
  /** Runs reads of committed data. Each read sees the newest. `work` may run again, if a copy fails. */
  read<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>, options?: ReadOptions): Promise<T>;
  /** As `change`, for the stores of the system. */
  changeSystem<T>(
    reason: SystemReason,
    work: (tx: SystemTx) => Promise<T>,
    options?: SystemChangeOptions,
  ): Promise<T>;
  /** As `read`, for the stores of the system. */
  readSystem<T>(reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T>;
  /** Whether the work of jobs leaves out organizations now, because the machine with their rows is away. */
  leavesOut(): boolean;
}
