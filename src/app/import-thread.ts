/**
 * The thread that reads the rows of an import (see decision 0019): a program of its own, put together here as `create-app.ts`
 * puts together the others. It has no database and no secret.
 */
import { parentPort } from 'node:worker_threads';
import { serveRows } from '../cli/transfer/row-server.ts';
import { systemClock } from '../core/time.ts';
import { createPasswordHasher } from '../gateways/password-hasher.ts';

// Nothing is hashed here: only which kinds of hashes there are is asked.
const { isKnown } = createPasswordHasher({ queueMax: 0 });

if (parentPort !== null) serveRows(parentPort, { isKnownHash: isKnown, clock: systemClock });
