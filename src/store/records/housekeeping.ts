/**
 * Deletes rows that nothing needs any more. Each table has an indexed column with the time at which its rows end, so the
 * cost of a sweep depends on the number of deleted rows. A sweep deletes a limited number of rows, because on SQLite no
 * other change can be written during it.
 */

import { type RawBuilder, sql } from 'kysely';
import { idempotencyLifeMs } from '../../core/access/idempotency-store.ts';
import { knownNetworkMs } from '../../core/access/known-network.ts';
import { connectTokenRetentionMs, connectTokenRules } from '../../core/connect-page/connect-token.ts';
import { refusedDeletionLifeMs } from '../../core/erasure/refused-deletion-store.ts';
import { dayTotalLifeMs } from '../../core/figures/day-totals.ts';
import type { OrgKey } from '../../core/ids.ts';
import { dayCountLifeMs } from '../../core/messaging/budget-store.ts';
import { messageRetentionMs } from '../../core/messaging/message.ts';
import { rangeSlotMs, rangeWindowMs } from '../../core/messaging/sms-rules.ts';
import { bulkRetentionMs } from '../../core/people/bulk-act.ts';
import { pendingLifeMs } from '../../core/providers/connection.ts';
import { revocationRetentionMs } from '../../core/providers/revocation.ts';
import { dayMs } from '../../core/time.ts';
import type { Housekeeping } from '../../core/unit-of-work.ts';
import { emailTokenLifeMs } from '../../core/verification/email-token.ts';
import { passwordTokenLifeMs } from '../../core/verification/password-token.ts';
import type { Executor } from '../sql/executor.ts';
import { type Binder, rawStatement } from '../sql/statement.ts';
import type { Scope } from '../users/scope.ts';
import { sweepEvents } from './audit/audit-queue.ts';
import { mendTimes } from './clock-mending.ts';

/** A count of wrong passwords is deleted a day after the last one. The longest wait that it causes is a minute. */
const failureLifeMs = dayMs;

/** What text messages cost stays this long after the day, for the operator. */
const smsDayLifeMs = 33 * dayMs;

type Sweep = { until: number; limit: number };

interface SweepOptions {
  /** How long a row stays after the time in its clock column; 0 where absent. */
  readonly lifeMs?: number;
  /** Which rows have ended; all rows of the table where absent. */
  readonly ended?: RawBuilder<unknown>;
}

/** The revocations of an erasure are a part of its record, and stay with it. */
const isRevoked = sql`ended_at is not null and erasure_id is null`;

const sweeps = [
  sweepOf('sessions', ['org_key', 'digest'], 'expires_at'),
  sweepOf('confirmation_codes', ['org_key', 'user_id'], 'expires_at'),
  ...sweepsByKind('password_tokens', 'purpose', passwordTokenLifeMs),
  sweepOf('password_leases', ['org_key', 'user_id'], 'expires_at'),
  ...sweepsByKind('email_tokens', 'purpose', emailTokenLifeMs),
  sweepOf('oauth_attempts', ['org_key', 'flow_digest'], 'expires_at'),
  ...sweepsByKind('connect_tokens', 'kind', connectTokenRules, connectTokenRetentionMs),
  sweepOf('throttle_hits', ['org_key', 'subject', 'bucket', 'at', 'seq'], 'expires_at'),
  sweepOf('message_hits', ['org_key', 'subject', 'bucket', 'at', 'seq'], 'expires_at'),
  sweepOf('day_counts', ['org_key', 'budget', 'day', 'shard'], 'day', { lifeMs: dayCountLifeMs }),
  sweepOf('day_totals', ['org_key', 'day', 'what'], 'day', { lifeMs: dayTotalLifeMs }),
  sweepOf('login_failures', ['org_key', 'subject', 'network'], 'last_at', { lifeMs: failureLifeMs }),
  sweepOf('known_networks', ['org_key', 'user_id', 'site', 'network'], 'used_at', { lifeMs: knownNetworkMs }),
  sweepOf('staff_sessions', ['org_key', 'digest'], 'expires_at'),
  sweepOf('staff_links', ['org_key', 'digest'], 'expires_at'),
  sweepOf('staff_networks', ['org_key', 'staff_id', 'network'], 'used_at', { lifeMs: knownNetworkMs }),
  sweepOf('bulk_acts', ['org_key', 'id'], 'created_at', { lifeMs: bulkRetentionMs }),
  sweepOf('bulk_act_users', ['org_key', 'bulk_id', 'user_id'], 'created_at', { lifeMs: bulkRetentionMs }),
  sweepOf('idempotency', ['org_key', 'key_digest'], 'created_at', { lifeMs: idempotencyLifeMs }),
  sweepOf('revocations', ['org_key', 'id'], 'ended_at', { lifeMs: revocationRetentionMs, ended: isRevoked }),
  sweepOf('refused_deletions', ['org_key', 'erasure_id'], 'refused_at', { lifeMs: refusedDeletionLifeMs }),
  sweepOf('sms_days', ['org_key', 'day'], 'day', { lifeMs: smsDayLifeMs }),
  sweepOf('sms_counts', ['org_key', 'day', 'outcome', 'country'], 'day', { lifeMs: smsDayLifeMs }),
  sweepOf('sms_ranges', ['org_key', 'phone_range', 'slot'], 'slot', { lifeMs: rangeWindowMs + rangeSlotMs }),
  sweepOf('sms_closings', ['org_key', 'phone_range'], 'closed_until', { lifeMs: dayMs }),
  // A message ends with its last attempt.
  sweepOf('messages', ['org_key', 'id'], 'next_attempt_at', {
    lifeMs: messageRetentionMs,
    ended: sql`state <> 'queued'`,
  }),
];

/** The reasons of looks go with the events that they are about. */
const reveals = sweepOf('reveals', ['org_key', 'user_id', 'event_id'], 'at');

export class SqlHousekeeping implements Housekeeping {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  async sweep(now: number, limit: number): Promise<number> {
    // Two sweeps at the same time would wait for each other's rows, in any order, and deadlock.
    await this.#scope.executor.lockName('housekeeping');
    let swept = 0;
    for (const { query, lifeMs } of sweeps) {
      swept += await this.#scope.executor.run(query, { until: now - lifeMs, limit });
    }
    return swept + (await sweepUnfinished(this.#scope.executor, now - pendingLifeMs, limit));
  }

  async mendTimes(now: number, how: { readonly isSteady: boolean; readonly limit: number }): Promise<number> {
    await this.#scope.executor.lockName('housekeeping');
    return mendTimes(this.#scope.executor, now, how);
  }

  async sweepEvents(sweep: {
    readonly after: OrgKey;
    readonly until: number;
    readonly limit: number;
  }): Promise<{ swept: number; next: OrgKey }> {
    await this.#scope.executor.lockName('housekeeping');
    const { executor } = this.#scope;
    const { until, limit } = sweep;
    await executor.run(reveals.query, { until, limit });
    return sweepEvents(executor, sweep);
  }
}

/** The person never came back from the provider. */
const selectUnfinished = rawStatement<Sweep & { skip: number }, { orgKey: number; id: string }>(
  (p) => sql`
    select org_key as "orgKey", id from connections where status = 'pending' and updated_at <= ${p('until')}
    order by updated_at limit ${p('limit')} offset ${p('skip')}`,
);

/** A connection stays as long as one of its grants has still to be ended. */
const deleteUnfinished = rawStatement(
  (p: Binder<{ orgKey: number; id: string }>) => sql`
    delete from connections where org_key = ${p('orgKey')} and id = ${p('id')} and status = 'pending'
      and not exists (
        select 1 from revocations where revocations.org_key = ${p('orgKey')}
          and revocations.connection_id = ${p('id')} and revocations.state in ('pending', 'overdue')
      )`,
);

/** Steps over connections that stay, in a few looks: the next sweep looks at them again. */
const looksMax = 8;

async function sweepUnfinished(executor: Executor, until: number, limit: number): Promise<number> {
  let [swept, kept] = [0, 0];
  for (let look = 0; look < looksMax && swept < limit; look++) {
    const found = await executor.rows(selectUnfinished, { until, limit, skip: kept });
    const deleted = await Promise.all(found.map((row) => executor.run(deleteUnfinished, row)));
    const count = deleted.reduce((sum, rows) => sum + rows, 0);
    swept += count;
    kept += found.length - count;
    if (found.length < limit) break;
  }
  return swept;
}

/** Of tokens of several kinds, a sweep for each: their index begins with the kind. */
function sweepsByKind(table: string, column: string, kinds: object, lifeMs = 0) {
  return Object.keys(kinds).map((kind) =>
    sweepOf(table, ['org_key', 'digest'], 'expires_at', {
      lifeMs,
      ended: sql`${sql.ref(column)} = ${sql.lit(kind)}`,
    }),
  );
}

/** Deletes the oldest rows that have outlived the time in the column `clock`. */
function sweepOf(
  table: string,
  key: readonly string[],
  clock: string,
  { lifeMs = 0, ended = sql`true` }: SweepOptions = {},
) {
  const keyColumns = sql.join(key.map((column) => sql.ref(column)));
  const query = rawStatement(
    (p: Binder<Sweep>) => sql`
      delete from ${sql.table(table)} where (${keyColumns}) in (
        select ${keyColumns} from ${sql.table(table)}
        where ${ended} and ${sql.ref(clock)} <= ${p('until')}
        order by ${sql.ref(clock)} limit ${p('limit')}
      )`,
  );
  return { query, lifeMs };
}
