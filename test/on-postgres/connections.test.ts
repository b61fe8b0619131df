/** The devices of users again, and the way back from a provider, with the data in PostgreSQL. */
import { runAgain } from '../support/again-on-postgres.ts';

await runAgain('test/contracts/sonar/devices.test.ts');
await runAgain('test/pages/connection-callback.test.ts');
