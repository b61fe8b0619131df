/** The tests of the devices of users and of the provider callback again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/contracts/sonar/devices.test.ts');
await runAgain('test/pages/connection-callback.test.ts');
await runAgain('test/attacks/one-account.test.ts');
await runAgain('test/attacks/browser/undone-connection.test.ts');
