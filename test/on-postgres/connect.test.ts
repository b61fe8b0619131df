/** The token calls of Connect and what its page asks for again, with the data in PostgreSQL. */
import { runAgain } from '../support/again-on-postgres.ts';

await runAgain('test/connect/{access-token,first-generation,page-api,session-token}.test.ts');
