/**
 * Gives access to the stores of a scope. A store is created when it is used, because a unit of work rarely needs more than
 * two or three.
 */
import type { OrgKey } from '../../core/ids.ts';
import type { SystemTx, Tx } from '../../core/unit-of-work.ts';
import { SqlUserSearchQueue, SqlUserSearchStore } from '../search/user-search-store.ts';
import type { Scope } from '../users/scope.ts';
import { SqlUserDirectory } from '../users/user-directory.ts';
import { SqlUserStore } from '../users/user-store.ts';
import { SqlHashCostQueue, SqlHashCostStore } from './access/hash-cost-store.ts';
import { SqlKnownNetworkStore } from './access/known-network-store.ts';
import { SqlMessageBudgetQueue, SqlMessageBudgetStore } from './access/message-budget-store.ts';
import { SqlPasswordLeaseStore } from './access/password-lease-store.ts';
import { SqlSessionStore } from './access/session-store.ts';
import { SqlSmsLimitQueue, SqlSmsLimitStore } from './access/sms-limit-store.ts';
import { SqlThrottleStore } from './access/throttle-store.ts';
import { SqlApiKeyDirectory, SqlApiKeyStore } from './api-key-store.ts';
import { SqlAppDirectory, SqlAppStore } from './app-store.ts';
import { SqlAuditQueue } from './audit/audit-queue.ts';
import { SqlAuditStore } from './audit/audit-store.ts';
import { SqlConfirmationCodeStore } from './confirmation-code-store.ts';
import { SqlConnectTokenStore } from './connect-token-store.ts';
import { SqlConnectionQueue, SqlConnectionStore } from './connection-store.ts';
import { SqlDayTotalStore } from './day-total-store.ts';
import { SqlEmailRequestQueue } from './email-request-queue.ts';
import { SqlEmailTokenStore } from './email-token-store.ts';
import { SqlLedgerPositionStore } from './erasure/ledger-position-store.ts';
import { SqlReceiptKeyStore } from './erasure/receipt-key-store.ts';
import { SqlRefusedDeletionStore } from './erasure/refused-deletion-store.ts';
import { SqlErasureQueue, SqlErasureStore } from './erasure-store.ts';
import { SqlHousekeeping } from './housekeeping.ts';
import { SqlIdempotencyStore } from './idempotency-store.ts';
import { SqlImportStore } from './import-store.ts';
import { SqlMessageQueue, SqlMessageStore } from './message-store.ts';
import { noOrganization } from './no-organization.ts';
import { SqlOAuthAttemptStore } from './oauth-attempt-store.ts';
import { SqlOrganizationStore } from './organization-store.ts';
import { SqlPasswordRequestQueue, SqlPasswordRequestStore } from './password-request-store.ts';
import { SqlPasswordTokenStore } from './password-token-store.ts';
import { SqlBulkActStore } from './people/bulk-act-store.ts';
import { SqlDemoPeopleStore } from './people/demo-people-store.ts';
import { SqlPersonDataStore } from './people/person-data-store.ts';
import { SqlRevealStore } from './people/reveal-store.ts';
import { SqlTrialPersonStore } from './people/trial-person-store.ts';
import { SqlRevocationQueue, SqlRevocationStore } from './revocation-store.ts';
import { SqlSealedTextStore } from './sealed-text-store.ts';
import { SqlStaffFactorStore } from './staff/staff-factor-store.ts';
import { SqlStaffSessionStore } from './staff/staff-session-store.ts';
import { SqlStaffDirectory, SqlStaffStore } from './staff/staff-store.ts';

/** The stores of one organization. Each puts the key of the organization into every query. */
export class StoreTx implements Tx {
  readonly orgKey: OrgKey;
  readonly #scope: Scope;
  #users: SqlUserStore | undefined;

  constructor(scope: Scope, orgKey: OrgKey) {
    this.#scope = scope;
    this.orgKey = orgKey;
  }

  get users(): SqlUserStore {
    this.#users ??= new SqlUserStore(this.#scope, this.orgKey);
    return this.#users;
  }

  get userSearch(): SqlUserSearchStore {
    return new SqlUserSearchStore(this.#scope, this.orgKey);
  }

  get apps(): SqlAppStore {
    return new SqlAppStore(this.#scope, this.orgKey);
  }

  get apiKeys(): SqlApiKeyStore {
    return new SqlApiKeyStore(this.#scope, this.orgKey);
  }

  get sessions(): SqlSessionStore {
    return new SqlSessionStore(this.#scope, this.orgKey);
  }

  get codes(): SqlConfirmationCodeStore {
    return new SqlConfirmationCodeStore(this.#scope, this.orgKey);
  }

  get hashCosts(): SqlHashCostStore {
    return new SqlHashCostStore(this.#scope, this.orgKey);
  }

  get passwordLeases(): SqlPasswordLeaseStore {
    return new SqlPasswordLeaseStore(this.#scope, this.orgKey);
  }

  get passwordTokens(): SqlPasswordTokenStore {
    return new SqlPasswordTokenStore(this.#scope, this.orgKey);
  }

  get emailTokens(): SqlEmailTokenStore {
    return new SqlEmailTokenStore(this.#scope, this.orgKey);
  }

  get passwordRequests(): SqlPasswordRequestStore {
    return new SqlPasswordRequestStore(this.#scope, this.orgKey);
  }

  get networks(): SqlKnownNetworkStore {
    return new SqlKnownNetworkStore(this.#scope, this.orgKey);
  }

  get throttles(): SqlThrottleStore {
    return new SqlThrottleStore(this.#scope, this.orgKey);
  }

  get smsLimits(): SqlSmsLimitStore {
    return new SqlSmsLimitStore(this.#scope, this.orgKey);
  }

  get messages(): SqlMessageStore {
    return new SqlMessageStore(this.#scope, this.orgKey);
  }

  get messageBudgets(): SqlMessageBudgetStore {
    return new SqlMessageBudgetStore(this.#scope, this.orgKey);
  }

  get idempotency(): SqlIdempotencyStore {
    return new SqlIdempotencyStore(this.#scope, this.orgKey);
  }

  get audit(): SqlAuditStore {
    return new SqlAuditStore(this.#scope, this.orgKey);
  }

  get connections(): SqlConnectionStore {
    return new SqlConnectionStore(this.#scope, this.orgKey);
  }

  get attempts(): SqlOAuthAttemptStore {
    return new SqlOAuthAttemptStore(this.#scope, this.orgKey);
  }

  get revocations(): SqlRevocationStore {
    return new SqlRevocationStore(this.#scope, this.orgKey);
  }

  get connectTokens(): SqlConnectTokenStore {
    return new SqlConnectTokenStore(this.#scope, this.orgKey);
  }

  get erasures(): SqlErasureStore {
    return new SqlErasureStore(this.#scope, this.orgKey);
  }

  get refusedDeletions(): SqlRefusedDeletionStore {
    return new SqlRefusedDeletionStore(this.#scope, this.orgKey);
  }

  get dayTotals(): SqlDayTotalStore {
    return new SqlDayTotalStore(this.#scope, this.orgKey);
  }

  get imports(): SqlImportStore {
    return new SqlImportStore(this.#scope, this.orgKey);
  }

  get demoPeople(): SqlDemoPeopleStore {
    return new SqlDemoPeopleStore(this.#scope, this.orgKey);
  }

  get trialPeople(): SqlTrialPersonStore {
    return new SqlTrialPersonStore(this.#scope, this.orgKey);
  }

  get personData(): SqlPersonDataStore {
    return new SqlPersonDataStore(this.#scope, this.orgKey);
  }

  get reveals(): SqlRevealStore {
    return new SqlRevealStore(this.#scope, this.orgKey);
  }

  get bulkActs(): SqlBulkActStore {
    return new SqlBulkActStore(this.#scope, this.orgKey);
  }

  get staff(): SqlStaffStore {
    return new SqlStaffStore(this.#scope, this.orgKey);
  }

  get staffFactors(): SqlStaffFactorStore {
    return new SqlStaffFactorStore(this.#scope, this.orgKey);
  }

  get staffSessions(): SqlStaffSessionStore {
    return new SqlStaffSessionStore(this.#scope, this.orgKey);
  }
}

/** The stores that belong to no organization, and access to the stores of each organization. */
export class StoreSystemTx implements SystemTx {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  get organizations(): SqlOrganizationStore {
    return new SqlOrganizationStore(this.#scope);
  }

  get apps(): SqlAppDirectory {
    return new SqlAppDirectory(this.#scope);
  }

  get apiKeys(): SqlApiKeyDirectory {
    return new SqlApiKeyDirectory(this.#scope);
  }

  get users(): SqlUserDirectory {
    return new SqlUserDirectory(this.#scope);
  }

  get messageBudgets(): SqlMessageBudgetQueue {
    return new SqlMessageBudgetQueue(this.#scope);
  }

  get smsLimits(): SqlSmsLimitQueue {
    return new SqlSmsLimitQueue(this.#scope);
  }

  get audit(): SqlAuditQueue {
    return new SqlAuditQueue(this.#scope);
  }

  get messages(): SqlMessageQueue {
    return new SqlMessageQueue(this.#scope);
  }

  get hashCosts(): SqlHashCostQueue {
    return new SqlHashCostQueue(this.#scope);
  }

  get emailRequests(): SqlEmailRequestQueue {
    return new SqlEmailRequestQueue(this.#scope);
  }

  get passwordRequests(): SqlPasswordRequestQueue {
    return new SqlPasswordRequestQueue(this.#scope);
  }

  get connections(): SqlConnectionQueue {
    return new SqlConnectionQueue(this.#scope);
  }

  get revocations(): SqlRevocationQueue {
    return new SqlRevocationQueue(this.#scope);
  }

  get sealed(): SqlSealedTextStore {
    return new SqlSealedTextStore(this.#scope);
  }

  get receiptKeys(): SqlReceiptKeyStore {
    return new SqlReceiptKeyStore(this.#scope);
  }

  get userSearch(): SqlUserSearchQueue {
    return new SqlUserSearchQueue(this.#scope);
  }

  get ledgerPositions(): SqlLedgerPositionStore {
    return new SqlLedgerPositionStore(this.#scope);
  }

  get staff(): SqlStaffDirectory {
    return new SqlStaffDirectory(this.#scope);
  }

  get erasures(): SqlErasureQueue {
    return new SqlErasureQueue(this.#scope);
  }

  get throttles(): SqlThrottleStore {
    return new SqlThrottleStore(this.#scope, noOrganization);
  }

  get dayTotals(): SqlDayTotalStore {
    return new SqlDayTotalStore(this.#scope, noOrganization);
  }

  get housekeeping(): SqlHousekeeping {
    return new SqlHousekeeping(this.#scope);
  }

  within(orgKey: OrgKey): Tx {
    return new StoreTx(this.#scope, orgKey);
  }
}
