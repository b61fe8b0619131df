/** The token calls of the Connect page and the calls of the page itself again, with the data in PostgreSQL. */
import { runAgain } from '../support/postgres/again-on-postgres.ts';

await runAgain('test/connect-page/{access-token,app-brand,first-generation,page-api,session-token}.test.ts');
