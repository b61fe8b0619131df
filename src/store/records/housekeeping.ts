/**
 * Removal of what has run out. Each table keeps when its rows do, under an index, so a sweep costs what it
 * removes; it takes a bounded bite, for nobody else can write meanwhile.
 */

import { sql } from 'kysely';
import { idempotencyLifeMs } from '../../core/access/idempotency-store.ts';
import { connectTokenMemoryMs } from '../../core/connect-page/connect-token.ts';
import { messageMemoryMs } from '../../core/messaging/message.ts';
import { pendingLifeMs } from '../../core/providers/connection.ts';
import { revocationMemoryMs } from '../../core/providers/revocation.ts';
import { dayMs } from '../../core/time.ts';
import type { Housekeeping } from '../../core/unit-of-work.ts';
import { type Binder, rawStatement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';

/** Wrong passwords in a row are forgotten a day after the last: the longest wait they cause is a minute. */
const failureLifeMs = dayMs;

type Sweep = { until: number; limit: number };

const expirySweeps = [
  { query: sweepOf('sessions', ['org_key', 'digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('confirmation_codes', ['org_key', 'user_id'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('password_tokens', ['org_key', 'digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('oauth_attempts', ['org_key', 'state_digest'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('connect_tokens', ['org_key', 'digest'], 'expires_at'), lifeMs: connectTokenMemoryMs },
  { query: sweepOf('throttle_hits', ['org_key', 'subject', 'bucket', 'at', 'seq'], 'expires_at'), lifeMs: 0 },
  { query: sweepOf('login_failures', ['org_key', 'subject'], 'last_at'), lifeMs: failureLifeMs },
  { query: sweepOf('idempotency', ['org_key', 'key_digest'], 'created_at'), lifeMs: idempotencyLifeMs },
];

/** People who were sent to a provider and never came back, but for those to whom something may have been given. */
const sweepPending = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from connections where (org_key, id) in (
      select org_key, id from connections
      where status = 'pending' and updated_at <= ${p('until')} and not exists (
        select 1 from revocations
        where revocations.org_key = connections.org_key and revocations.connection_id = connections.id
          and revocations.state in ('pending', 'overdue')
      )
      order by updated_at limit ${p('limit')}
    )`,
);

/** What a provider has confirmed; what an erasure waited for goes with the erasure's own record. */
const sweepEnded = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from revocations where (org_key, id) in (
      select org_key, id from revocations
      where ended_at is not null and erasure_id is null and ended_at <= ${p('until')}
      order by ended_at limit ${p('limit')}
    )`,
);

/** Messages that have ended: the time of their last attempt is when they did. */
const sweepMessages = rawStatement(
  (p: Binder<Sweep>) => sql`
    delete from messages where (org_key, id) in (
      select org_key, id from messages
      where state <> 'queued' and next_attempt_at <= ${p('until')}
      order by next_attempt_at limit ${p('limit')}
    )`,
);

const sweeps = [
  ...expirySweeps,
  { query: sweepPending, lifeMs: pendingLifeMs },
  { query: sweepEnded, lifeMs: revocationMemoryMs },
  { query: sweepMessages, lifeMs: messageMemoryMs },
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
