/**
 * The registry of stored times: for each column that holds an instant, whether something waits for it, and how far ahead of
 * now it can be by right. A time that is further ahead was written while the clock of a machine was wrong. Housekeeping cuts
 * it to now and its longest window, so that nothing waits longer than it would have with a clock that was right.
 *
 * A new column of an instant without an entry here does not compile. Statements that cut are built from this registry
 * (`src/store/records/clock-mending.ts`), and a test cuts a row by each of them.
 */

import { passwordLeaseMs } from '../../core/access/password-change.ts';
import { sessionIdleMs } from '../../core/access/session.ts';
import { guessWindowMs, throttleWindowMaxMs } from '../../core/access/throttle.ts';
import { connectTokenRules } from '../../core/connect-page/connect-token.ts';
import { erasureWaitMs } from '../../core/erasure/erasure.ts';
import { formerKeyMsMax } from '../../core/keys/api-key.ts';
import { messageLeaseMs, messageWaitMaxMs } from '../../core/messaging/message.ts';
import { rangeClosedMs, rangeSlotMs } from '../../core/messaging/sms-rules.ts';
import { attemptLifeMs, refreshAheadMaxMs } from '../../core/providers/connection.ts';
import { revocationDueMs, revocationWaitMaxMs } from '../../core/providers/revocation.ts';
import { staffLinkLifeMs } from '../../core/staff/staff-account.ts';
import { staffSessionAgeMaxMs } from '../../core/staff/staff-session.ts';
import { dayMs, hourMs } from '../../core/time.ts';
import { codeLifeMs } from '../../core/verification/confirmation-code.ts';
import { emailTokenLifeMs } from '../../core/verification/email-token.ts';
import { passwordTokenLifeMs } from '../../core/verification/password-token.ts';
import type { Database } from './tables.ts';

/** A cut of the times of one column that are too far ahead. */
export interface Cut {
  /** How far ahead of now a time can be by right. */
  readonly longestMs: number;
  /**
   * What a time that is further ahead becomes: now and its longest window; now; an instant of the next hour, so that not all
   * are due together; or the row is deleted.
   */
  readonly to: 'window' | 'now' | 'next_hour' | 'deleted';
  /**
   * When it is cut: `always`, because a cut under a wrong clock makes only work due, or ends a wait, too early; or once the
   * clock is `steady`, because it would end what is still valid.
   */
  readonly when: 'always' | 'steady';
  /** Which rows, in SQL, so that an index serves; all rows where absent. */
  readonly where?: string;
  /** The column before the time in that index: each of its values is looked up by itself. */
  readonly by?: string;
  /** Other times of the row, which are then cut to now. */
  readonly also?: readonly string[];
}

export type TimeRule =
  | { readonly is: 'cut'; readonly cuts: readonly Cut[] }
  /** It is cut together with another column of its row. */
  | { readonly is: 'cut_with'; readonly column: string }
  /** Where it is read, the code allows for a time that is ahead. */
  | { readonly is: 'allowed_for'; readonly how: string }
  /** Nothing waits for it. */
  | { readonly is: 'told'; readonly why: string };

export interface TableTimes<Columns> {
  /** The columns of the primary key; of a table with cuts. */
  readonly key?: readonly (keyof Columns & string)[];
  readonly columns: { readonly [Column in TimeColumn<Columns>]: TimeRule };
}

/** The columns that hold an instant, by their names. */
type TimeColumn<Columns> = keyof Columns & (`${string}_at` | 'at' | `${string}_until` | 'day' | 'slot');

type Times = {
  readonly [Table in keyof Database as [TimeColumn<Database[Table]>] extends [never]
    ? never
    : Table]: TableTimes<Database[Table]>;
};

const made: TimeRule = { is: 'told', why: 'when it was made; lists are in this order' };
const shown: TimeRule = { is: 'told', why: 'shown to people' };

/** Something is valid until then. */
function ends(longestMs: number, more: Pick<Cut, 'where' | 'by' | 'also'> = {}): TimeRule {
  return { is: 'cut', cuts: [{ longestMs, to: 'window', when: 'steady', ...more }] };
}

/** Something of several kinds is valid until then; the index begins with the kind. */
function endsByKind(column: string, lives: Readonly<Record<string, number>>): TimeRule {
  const cuts = Object.entries(lives).map(
    ([kind, longestMs]): Cut => ({ longestMs, to: 'window', when: 'steady', where: `${column} = '${kind}'` }),
  );
  return { is: 'cut', cuts };
}

/** Work is due then. */
function due(longestMs: number, more: Pick<Cut, 'where' | 'by'> = {}): TimeRule {
  return { is: 'cut', cuts: [{ longestMs, to: 'now', when: 'always', ...more }] };
}

/** Something happened then, and counts from then on. */
function happened(more: Pick<Cut, 'where' | 'also'> = {}): TimeRule {
  return { is: 'cut', cuts: [{ longestMs: 0, to: 'window', when: 'steady', ...more }] };
}

/** The row counts what happens in a time that begins then. */
function counts(longestMs: number): TimeRule {
  return { is: 'cut', cuts: [{ longestMs, to: 'deleted', when: 'steady' }] };
}

const connectTokenLives = Object.fromEntries(
  Object.entries(connectTokenRules).map(([kind, { lifeMs }]) => [kind, lifeMs]),
);

/** A hit counts from `at`; where that is ahead, it does not count (`throttle-store.ts`), and its row goes here. */
const hits = {
  at: { is: 'allowed_for', how: 'a hit that is further ahead than two clocks may differ does not count' },
  expires_at: counts(throttleWindowMaxMs),
} as const;

export const times: Times = {
  organizations: { columns: { created_at: made } },
  apps: { columns: { created_at: made } },
  api_keys: {
    key: ['org_key', 'id'],
    columns: {
      created_at: made,
      expires_at: { is: 'told', why: 'the operator chooses any end' },
      revoked_at: { is: 'told', why: 'a key with any time here is revoked' },
      used_at: {
        is: 'allowed_for',
        how: 'a use is noted where this time is further ahead than two clocks may differ',
      },
      former_until: ends(formerKeyMsMax, { where: 'former_until is not null' }),
      former_used_at: shown,
    },
  },
  users: {
    key: ['org_key', 'id'],
    columns: {
      created_at: made,
      updated_at: shown,
      confirmed_at: shown,
      email_proved_at: shown,
      phone_proved_at: shown,
      last_login_at: shown,
      email_requested_at: happened({ where: 'email_requested_at is not null' }),
      last_sync_at: {
        is: 'allowed_for',
        how: 'the next report replaces it, and until then it counts as now',
      },
      last_score_at: {
        is: 'allowed_for',
        how: 'the next report replaces it, and until then it counts as now',
      },
    },
  },
  sessions: {
    key: ['org_key', 'digest'],
    columns: {
      started_at: { is: 'cut_with', column: 'expires_at' },
      last_used_at: { is: 'cut_with', column: 'expires_at' },
      expires_at: ends(sessionIdleMs, { also: ['started_at', 'last_used_at'] }),
    },
  },
  confirmation_codes: { key: ['org_key', 'user_id'], columns: { expires_at: ends(codeLifeMs) } },
  password_tokens: {
    key: ['org_key', 'digest'],
    columns: { expires_at: endsByKind('purpose', passwordTokenLifeMs) },
  },
  email_tokens: {
    key: ['org_key', 'digest'],
    columns: { expires_at: endsByKind('purpose', emailTokenLifeMs) },
  },
  password_requests: {
    key: ['org_key', 'id'],
    // The table is a short queue.
    columns: { created_at: happened() },
  },
  password_leases: {
    key: ['org_key', 'user_id'],
    columns: {
      expires_at: { is: 'cut', cuts: [{ longestMs: passwordLeaseMs, to: 'window', when: 'always' }] },
    },
  },
  throttle_hits: { key: ['org_key', 'subject', 'bucket', 'at', 'seq'], columns: hits },
  message_hits: { key: ['org_key', 'subject', 'bucket', 'at', 'seq'], columns: hits },
  day_counts: { key: ['org_key', 'budget', 'day', 'shard'], columns: { day: counts(dayMs) } },
  login_failures: {
    key: ['org_key', 'subject', 'network'],
    columns: {
      last_at: {
        is: 'cut',
        cuts: [{ longestMs: 0, to: 'window', when: 'always' }],
      },
      debt_until: {
        is: 'allowed_for',
        how: `it is read, and made longer, as at most ${guessWindowMs / hourMs} hour ahead of the last failure`,
      },
    },
  },
  known_networks: {
    key: ['org_key', 'user_id', 'site', 'network'],
    columns: { used_at: happened() },
  },
  messages: {
    key: ['org_key', 'id'],
    columns: {
      next_attempt_at: {
        is: 'cut',
        cuts: [
          {
            longestMs: messageLeaseMs,
            to: 'now',
            when: 'always',
            where: `state = 'queued' and stage = 'claimed'`,
          },
          {
            longestMs: messageWaitMaxMs,
            to: 'now',
            when: 'always',
            where: `state = 'queued' and stage = 'waiting'`,
          },
          { longestMs: 0, to: 'now', when: 'steady', where: `state <> 'queued'` },
        ],
      },
      created_at: { is: 'allowed_for', how: 'a retry cuts it to now' },
    },
  },
  idempotency: { key: ['org_key', 'key_digest'], columns: { created_at: happened() } },
  connections: {
    key: ['org_key', 'id'],
    columns: {
      connected_at: shown,
      last_sync_at: { is: 'allowed_for', how: 'the next report replaces it' },
      refresh_at: {
        is: 'cut',
        cuts: [
          {
            ...{ longestMs: refreshAheadMaxMs, to: 'next_hour', when: 'steady' },
            ...{ where: `status = 'active' and refresh_at is not null`, by: 'provider' },
          },
        ],
      },
      created_at: made,
      updated_at: happened({ where: `status = 'pending'` }),
    },
  },
  oauth_attempts: {
    key: ['org_key', 'flow_digest'],
    columns: {
      expires_at: ends(attemptLifeMs, { also: ['settles_at'] }),
      settles_at: { is: 'cut_with', column: 'expires_at' },
    },
  },
  revocations: {
    key: ['org_key', 'id'],
    columns: {
      next_attempt_at: due(revocationWaitMaxMs, { where: `state in ('pending', 'overdue')`, by: 'provider' }),
      deadline_at: ends(revocationDueMs, { where: `state = 'pending'` }),
      created_at: shown,
      ended_at: happened({ where: 'ended_at is not null and erasure_id is null' }),
    },
  },
  erasures: {
    key: ['org_key', 'id'],
    columns: {
      requested_at: {
        is: 'told',
        why: 'the ledger and the receipt have it; the deadlines of revocations make it overdue',
      },
      due_at: due(erasureWaitMs, { where: `state in ('running', 'overdue')` }),
      replayed_at: { is: 'told', why: 'the receipt has it' },
      completed_at: { is: 'told', why: 'the receipt has it' },
    },
  },
  refused_deletions: { key: ['org_key', 'erasure_id'], columns: { refused_at: happened() } },
  receipt_keys: { columns: { created_at: made, retired_at: shown } },
  audit_events: {
    columns: {
      at: {
        is: 'told',
        why: 'the record keeps what the clock said; the event is kept for its time from then on',
      },
    },
  },
  audit_archive: {
    columns: {
      at: {
        is: 'told',
        why: 'the record keeps what the clock said; the event is kept for its time from then on',
      },
    },
  },
  audit_lists: { columns: { counted_at: { is: 'told', why: 'a position in a list' } } },
  connect_tokens: {
    key: ['org_key', 'digest'],
    columns: { expires_at: endsByKind('kind', connectTokenLives), spent_at: shown },
  },
  day_totals: { key: ['org_key', 'day', 'what'], columns: { day: counts(dayMs) } },
  sms_days: { key: ['org_key', 'day'], columns: { day: counts(dayMs) } },
  sms_counts: { key: ['org_key', 'day', 'outcome', 'country'], columns: { day: counts(dayMs) } },
  sms_ranges: {
    key: ['org_key', 'phone_range', 'slot'],
    columns: { slot: { is: 'cut', cuts: [{ longestMs: rangeSlotMs, to: 'deleted', when: 'always' }] } },
  },
  sms_closings: {
    key: ['org_key', 'phone_range'],
    columns: {
      closed_until: { is: 'cut', cuts: [{ longestMs: rangeClosedMs, to: 'window', when: 'always' }] },
    },
  },
  reveals: { columns: { at: { is: 'told', why: 'it ends with its audit event' } } },
  bulk_acts: { key: ['org_key', 'id'], columns: { created_at: happened() } },
  bulk_act_users: {
    key: ['org_key', 'bulk_id', 'user_id'],
    columns: {
      leased_until: { is: 'allowed_for', how: 'a lease that is further ahead than one can be does not hold' },
      created_at: happened(),
    },
  },
  staff_accounts: { columns: { created_at: made, enrolled_at: shown } },
  staff_passkeys: { columns: { created_at: made, used_at: shown } },
  staff_links: { key: ['org_key', 'digest'], columns: { expires_at: ends(staffLinkLifeMs) } },
  staff_sessions: {
    key: ['org_key', 'digest'],
    columns: {
      started_at: { is: 'cut_with', column: 'expires_at' },
      last_used_at: { is: 'cut_with', column: 'expires_at' },
      expires_at: ends(staffSessionAgeMaxMs, { also: ['started_at', 'last_used_at'] }),
      factor_at: {
        is: 'allowed_for',
        how: 'a factor that is further ahead than two clocks may differ is not fresh',
      },
    },
  },
  staff_networks: { key: ['org_key', 'staff_id', 'network'], columns: { used_at: happened() } },
  imports: { columns: { started_at: shown, finished_at: shown } },
  schema_migrations: { columns: { applied_at: shown } },
};
