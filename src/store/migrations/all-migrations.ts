/** The migrations in their order. The list only ever grows. */
import type { Migration } from '../migrate.ts';
import { directory } from './0001-directory.ts';
import { imports } from './0002-imports.ts';
import { connections } from './0003-connections.ts';
import { connect } from './0004-connect.ts';
import { erasures } from './0005-erasures.ts';
import { settledMessages } from './0006-settled-messages.ts';
import { skippedRows } from './0007-skipped-rows.ts';
import { refusedRefreshes } from './0008-refused-refreshes.ts';
import { tokenFamilies } from './0009-token-families.ts';
import { importsWithoutPassword } from './0010-imports-without-password.ts';
import { emailKeys } from './0011-email-keys.ts';
import { callbackOutcomes } from './0012-callback-outcomes.ts';
import { appBrands } from './0013-app-brands.ts';
import { proofs } from './0014-proofs.ts';
import { earlierProofs } from './0015-earlier-proofs.ts';
import { boundFlows } from './0016-bound-flows.ts';
import { knownNetworks } from './0017-known-networks.ts';
import { ledgerCodes } from './0018-ledger-codes.ts';
import { oneAccount } from './0019-one-account.ts';
import { requestedEmails } from './0020-requested-emails.ts';
import { auditLog } from './0021-audit-log.ts';
import { emailChanges } from './0022-email-changes.ts';
import { hashCosts } from './0023-hash-costs.ts';
import { smsLimits } from './0024-sms-limits.ts';
import { decoys } from './0025-decoys.ts';
import { messageBudgets } from './0026-message-budgets.ts';
import { passwordLeases } from './0027-password-leases.ts';
import { messageLanes } from './0028-message-lanes.ts';
import { auditArchive } from './0029-audit-archive.ts';
import { auditUserIndex } from './0030-audit-user-index.ts';
import { userSearch } from './0031-user-search.ts';
import { tokensByKind } from './0032-tokens-by-kind.ts';
import { erasureFaults } from './0033-erasure-faults.ts';
import { keyUses } from './0034-key-uses.ts';
import { staffAccounts } from './0035-staff-accounts.ts';
import { consoleLists } from './0036-console-lists.ts';
import { demoPeople } from './0037-demo-people.ts';
import { people } from './0038-people.ts';
import { bulkValues } from './0039-bulk-values.ts';
import { messageCosts } from './0040-message-costs.ts';
import { jobMarks } from './0041-job-marks.ts';
import { trialPeople } from './0042-trial-people.ts';
import { unlockedParents } from './0043-unlocked-parents.ts';

/** Every migration, in order. The versions are 1, 2, 3 …; a released one never changes. */
export const migrations: readonly Migration[] = [
  directory,
  imports,
  connections,
  connect,
  erasures,
  settledMessages,
  skippedRows,
  refusedRefreshes,
  tokenFamilies,
  importsWithoutPassword,
  emailKeys,
  callbackOutcomes,
  appBrands,
  proofs,
  earlierProofs,
  boundFlows,
  knownNetworks,
  ledgerCodes,
  oneAccount,
  requestedEmails,
  auditLog,
  emailChanges,
  hashCosts,
  smsLimits,
  decoys,
  messageBudgets,
  passwordLeases,
  messageLanes,
  auditArchive,
  auditUserIndex,
  userSearch,
  tokensByKind,
  erasureFaults,
  keyUses,
  staffAccounts,
  consoleLists,
  demoPeople,
  people,
  bulkValues,
  messageCosts,
  jobMarks,
  trialPeople,
  unlockedParents,
];

/** The version that this program works with. */
export const schemaVersion = migrations.length;
