/**
 * The composition root of the thread that reads the rows of an import (decision 0019). The thread has no database and no
 * secret.
 */
import { parentPort } from 'node:worker_threads';
import { serveRows } from '../cli/transfer/row-server.ts';
import { systemClock } from '../core/time.ts';
import { createPasswordHasher } from '../gateways/password-hasher.ts';

// The thread hashes no password: it only checks which kinds of hashes are known.
const { isKnown } = createPasswordHasher({ queueMax: 0 });

if (parentPort !== null) serveRows(parentPort, { isKnownHash: isKnown, clock: systemClock });
