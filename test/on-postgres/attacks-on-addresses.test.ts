/** The attacks on addresses again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain(
  'test/attacks/{address-squatting,proof-of-addresses,proved-email,rights-need-proof,secret-accounts,stolen-email,told-changes}.test.ts',
);
