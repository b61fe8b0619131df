/**
 * The only way to a store. A unit of work is opened for a scope, one organization or the system with a reason,
 * and hands out the stores of that scope, so a query without a tenant cannot be written by forgetting.
 *
 * `change` is one durable transaction: what it wrote is all there once it resolves, also after `kill -9`, or
 * not at all. Inside it nothing may wait for anything but the stores: no hashing, no network, no timer.
 */
import type { ApiKeyDirectory, ApiKeyStore } from './access/api-key.ts';
import type { IdempotencyStore } from './access/idempotency-store.ts';
import type { SessionStore } from './access/session.ts';
import type { ThrottleStore } from './access/throttle.ts';
import type { ConnectTokenStore } from './connect-page/connect-token.ts';
import type { AppDirectory, AppStore, OrganizationStore } from './directory/organization.ts';
import type { UserStore } from './directory/user-store.ts';
import type { ErasureQueue, ErasureStore } from './erasure/erasure.ts';
import type { LedgerPlaceStore } from './erasure/ledger.ts';
import type { ReceiptKeyStore } from './erasure/receipt-key-store.ts';
import type { OrgKey } from './ids.ts';
import type { MessageQueue, MessageStore } from './messaging/message.ts';
import type { PasswordRequestQueue, PasswordRequestStore } from './messaging/password-request.ts';
import type { ConnectionQueue, ConnectionStore, OAuthAttemptStore } from './providers/connection.ts';
import type { RevocationQueue, RevocationStore } from './providers/revocation.ts';
import type { AuditStore } from './record/audit-event.ts';
import type { SealedTextStore } from './sealing/sealed-text.ts';
import type { ImportStore } from './transfer/import-progress.ts';
import type { ConfirmationCodeStore } from './verification/confirmation-code.ts';
import type { PasswordTokenStore } from './verification/password-token.ts';

/** The stores of one organization. */
export interface Tx {
  readonly orgKey: OrgKey;
  readonly apps: AppStore;
  readonly users: UserStore;
  readonly apiKeys: ApiKeyStore;
  readonly sessions: SessionStore;
  readonly codes: ConfirmationCodeStore;
  readonly passwordTokens: PasswordTokenStore;
  readonly passwordRequests: PasswordRequestStore;
  readonly throttles: ThrottleStore;
  readonly messages: MessageStore;
  readonly idempotency: IdempotencyStore;
  readonly audit: AuditStore;
  readonly connectTokens: ConnectTokenStore;
  readonly connections: ConnectionStore;
  readonly attempts: OAuthAttemptStore;
  readonly revocations: RevocationStore;
  readonly erasures: ErasureStore;
  readonly imports: ImportStore;
}

/** The stores that belong to no organization, or to all. */
export interface SystemTx {
  readonly organizations: OrganizationStore;
  readonly apps: AppDirectory;
  readonly apiKeys: ApiKeyDirectory;
  readonly messages: MessageQueue;
  readonly passwordRequests: PasswordRequestQueue;
  readonly connections: ConnectionQueue;
  readonly revocations: RevocationQueue;
  readonly sealed: SealedTextStore;
  readonly erasures: ErasureQueue;
  readonly receiptKeys: ReceiptKeyStore;
  readonly ledgerPlaces: LedgerPlaceStore;
  /** Counters by network, which belong to no organization. */
  readonly throttles: ThrottleStore;
  readonly housekeeping: Housekeeping;
  /** The stores of an organization inside the same transaction. */
  within(orgKey: OrgKey): Tx;
}

/** Removal of rows that nothing needs any more. */
export interface Housekeeping {
  /** Deletes what has run out of each kind, such as sessions, codes and settled messages; at most `limit` of each. */
  sweep(now: number, limit: number): Promise<number>;
}

/** Why a unit of work needs more than one organization. */
export type SystemReason = 'authentication' | 'throttle' | 'job' | 'operator';

export interface ChangeOptions {
  /**
   * The work looks at and changes nothing but what hangs on one user that it locks first, or one erasure; of each but one. So a
   * database may have its steps and those of others like it by turns, and ask for all of them at once.
   */
  readonly isApart?: boolean;
}

export interface UnitOfWork {
  /** Runs `work` in one durable transaction of an organization. */
  change<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>, options?: ChangeOptions): Promise<T>;
  /** Runs reads that see committed data only; each read sees the newest. */
  read<T>(orgKey: OrgKey, work: (tx: Tx) => Promise<T>): Promise<T>;
  changeSystem<T>(reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T>;
  readSystem<T>(reason: SystemReason, work: (tx: SystemTx) => Promise<T>): Promise<T>;
}
