/**
 * Removal of what has run out. Each table keeps when its rows do, under an index, so a sweep costs what it
 * removes; it takes a bounded bite, for nobody else can write meanwhile.
 */

import { sql } from 'kysely';
import { idempotencyLifeMs } from '../core/access/idempotency.ts';
import { connectTokenMemoryMs } from '../core/connect/connect-token.ts';
import { dayMs } from '../core/time.ts';
import type { Housekeeping } from '../core/unit-of-work.ts';
import type { Scope } from './executor.ts';
import { type Binder, rawStatement } from './statement.ts';

/** Wrong passwords in a row are forgotten a day after the last: the longest wait they cause is a minute. */
const failureLifeMs = dayMs;

type Sweep = { until: number; limit: number };

const sweeps = [
  { query: sweepOf('sessions', ['org_key', 'digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('confirmation_codes', ['org_key', 'user_id'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('password_tokens', ['org_key', 'digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('oauth_attempts', ['org_key', 'state_digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('connect_tokens', ['org_key', 'digest'], 'expires_at'), lifeMs: connectTokenMemoryMs },
  { query: sweepOf('throttle_hits', ['org_key', 'subject', 'bucket', 'at', 'seq'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('login_failures', ['org_key', 'subject'], 'last_at'), lifeMs: failureLifeMs },
  { query: sweepOf('idempotency', ['org_key', 'key_digest'], 'created_at'), lifeMs: idempotencyLifeMs },
];

export class SqlHousekeeping implements Housekeeping {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async sweep(now: number, limit: number): Promise<number> {
    // Two who sweep at once would wait for each other's rows in any order.
    await this.#scope.executor.hold('housekeeping');
    let swept = 0;
    for (const { query, lifeMs } of sweeps) {
      swept += await this.#scope.executor.run(query, { until: now - lifeMs, limit });
    }
    return swept;
  }
}

function sweepOf(table: string, key: readonly string[], clock: string) {
  const keyColumns = sql.join(key.map((column) => sql.ref(column)));
  return rawStatement(
    (p: Binder<Sweep>) => sql`
      delete from ${sql.table(table)} where (${keyColumns}) in (
        select ${keyColumns} from ${sql.table(table)}
        where ${sql.ref(clock)} <= ${p('until')} order by ${sql.ref(clock)} limit ${p('limit')}
      )`,
  );
}
