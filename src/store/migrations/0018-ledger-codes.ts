/** The authentication code of the last line of each ledger that the database knows. */
import type { Migration } from '../migrate.ts';

export const ledgerCodes: Migration = {
  version: 18,
  name: 'ledger-codes',
  statements: ({ types: { text } }) => [`alter table erasure_ledgers add column known_code ${text}`],
};
