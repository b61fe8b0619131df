/**
 * The registry of personal data: for each column of each table, what it holds of a person, and for each table, what an
 * erasure does with its rows. Deletion follows this registry. A new table or column without an entry does not
 * compile, and a table that only the database has fails a test. A column of users says what it holds in the list in
 * `core/directory/user.ts`.
 *
 * An index needs no entry here: a migration creates it, and the scan for remains reads every index. An index on a
 * column of users is also declared in `indexedColumns` in `user-table.ts`.
 */
import { auditData } from './audit-data.ts';
import { erasureData } from './erasure-data.ts';
import { peopleData } from './people-data.ts';
import { staffData } from './staff-data.ts';
import type { Database } from './tables.ts';
import { userContents } from './user-table.ts';

/**
 * What a column holds. `personal`: data about a person, in plain text or sealed. `user`: a bare user id, or a digest of
 * one. `digest`: a keyed digest of personal data. `grant`: a provider's grant for a person, sealed, until the
 * provider confirms its end. `trace`: values by which an erased person was known, sealed, until the scan finds none
 * of them any more. `index`: which users have which pieces of text; an erasure takes the user out of them
 * (`UserSearchStore.purge`). `staff`: data about a member of the staff, who is no user. `plain`: nothing about a person.
 */
export type Content = 'personal' | 'user' | 'digest' | 'grant' | 'trace' | 'index' | 'staff' | 'plain';

/**
 * What the erasure of a user does with the rows of a table. `delete`: it deletes the rows that name the user in the
 * column `by`, which holds user ids, or keyed digests of the user's addresses. `keep`: it deletes no row, for the
 * reason given.
 */
type Erasure<Columns> =
  | { readonly do: 'delete'; readonly by: keyof Columns & string }
  /** `partOf` names the table that stands for this one in a receipt. */
  | { readonly do: 'keep'; readonly why: string; readonly partOf?: keyof Database };

interface TableRule<Columns> {
  readonly columns: { readonly [Column in keyof Columns]: Content };
  readonly onErase: Erasure<Columns>;
}

type Registry = { readonly [Table in keyof Database]: TableRule<Database[Table]> };

const noPerson = { do: 'keep', why: 'no row is about a person' } as const;

/** What each table holds of a person, and what an erasure does with it. */
export const tables = {
  organizations: {
    columns: { seq: 'plain', org_key: 'plain', id: 'plain', name: 'plain', created_at: 'plain' },
    onErase: noPerson,
  },
  apps: {
    columns: {
      app_key: 'plain',
      org_key: 'plain',
      id: 'plain',
      name: 'plain',
      key_digest: 'plain',
      is_signup_open: 'plain',
      is_one_account: 'plain',
      created_at: 'plain',
      client_secret_digest: 'plain',
      origins: 'plain',
      colour: 'plain',
      logo: 'plain',
      logo_digest: 'plain',
    },
    onErase: noPerson,
  },
  api_keys: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      role: 'plain',
      digest: 'plain',
      created_at: 'plain',
      expires_at: 'plain',
      revoked_at: 'plain',
      name: 'plain',
      used_at: 'plain',
      network: 'plain',
      former_digest: 'plain',
      former_until: 'plain',
      former_used_at: 'plain',
    },
    onErase: noPerson,
  },
  users: {
    columns: userContents,
    onErase: { do: 'delete', by: 'id' },
  },
  user_counts: {
    columns: { org_key: 'plain', node: 'plain', entries: 'plain' },
    onErase: { do: 'keep', why: 'numbers of users, from which the erased one is subtracted' },
  },
  search_blocks: {
    columns: { org_key: 'plain', first_seq: 'plain', last_seq: 'plain', users: 'plain', version: 'plain' },
    onErase: { do: 'keep', why: 'ranges of users, without anything about one of them' },
  },
  search_leaves: {
    columns: { org_key: 'plain', block: 'plain', token: 'plain', entries: 'index' },
    onErase: { do: 'keep', why: 'pieces of texts of many users; the erased one is taken out of them' },
  },
  search_changes: {
    columns: { org_key: 'plain', user_id: 'user', seq: 'plain', former_text: 'personal' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  job_marks: { columns: { org_key: 'plain', job: 'plain' }, onErase: noPerson },
  demo_people: {
    columns: { org_key: 'plain', user_id: 'user' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  sessions: {
    columns: {
      org_key: 'plain',
      digest: 'plain',
      id: 'plain',
      user_id: 'user',
      started_at: 'personal',
      last_used_at: 'personal',
      expires_at: 'personal',
      wrong_passwords: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  confirmation_codes: {
    columns: {
      org_key: 'plain',
      user_id: 'user',
      digest: 'digest',
      expires_at: 'plain',
      tries_left: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  password_tokens: {
    columns: {
      org_key: 'plain',
      digest: 'plain',
      user_id: 'user',
      purpose: 'plain',
      expires_at: 'plain',
      email_digest: 'digest',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  email_tokens: {
    columns: {
      org_key: 'plain',
      digest: 'plain',
      user_id: 'user',
      email_digest: 'digest',
      expires_at: 'plain',
      purpose: 'plain',
      sealed_email: 'personal',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  password_requests: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      email_digest: 'digest',
      sealed_email: 'personal',
      door: 'plain',
      created_at: 'plain',
    },
    onErase: { do: 'delete', by: 'email_digest' },
  },
  hash_costs: {
    columns: { org_key: 'plain', units: 'plain', is_measured: 'plain' },
    onErase: noPerson,
  },
  sms_days: {
    columns: { org_key: 'plain', day: 'plain', spent: 'plain', is_exhausted: 'plain', told: 'plain' },
    onErase: noPerson,
  },
  sms_counts: {
    columns: {
      org_key: 'plain',
      day: 'plain',
      outcome: 'plain',
      country: 'plain',
      texts: 'plain',
      spent: 'plain',
    },
    onErase: noPerson,
  },
  sms_ranges: {
    columns: { org_key: 'plain', phone_range: 'plain', slot: 'plain', texts: 'plain', returned: 'plain' },
    onErase: { do: 'keep', why: 'a range is the digest of ten thousand numbers, and lasts for an hour' },
  },
  sms_closings: {
    columns: {
      org_key: 'plain',
      phone_range: 'plain',
      country: 'plain',
      closed_until: 'plain',
      is_told: 'plain',
    },
    onErase: { do: 'keep', why: 'a range is the digest of ten thousand numbers, and lasts for a day' },
  },
  password_leases: {
    columns: { org_key: 'plain', user_id: 'user', holder: 'plain', expires_at: 'personal' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  throttle_hits: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      subject: 'digest',
      bucket: 'plain',
      at: 'plain',
      expires_at: 'plain',
    },
    onErase: { do: 'delete', by: 'subject' },
  },
  message_hits: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      subject: 'digest',
      bucket: 'plain',
      at: 'plain',
      expires_at: 'plain',
    },
    onErase: { do: 'delete', by: 'subject' },
  },
  day_totals: {
    columns: { org_key: 'plain', day: 'plain', what: 'plain', times: 'plain' },
    onErase: noPerson,
  },
  day_counts: {
    // The invitations of a member of staff are counted under the keyed digest of the account.
    columns: { org_key: 'plain', budget: 'digest', day: 'plain', shard: 'plain', used: 'plain' },
    onErase: { do: 'delete', by: 'budget' },
  },
  login_failures: {
    columns: {
      org_key: 'plain',
      subject: 'digest',
      network: 'digest',
      failures: 'plain',
      last_at: 'plain',
      debt_until: 'plain',
    },
    onErase: { do: 'delete', by: 'subject' },
  },
  known_networks: {
    columns: { org_key: 'plain', user_id: 'user', site: 'digest', network: 'digest', used_at: 'personal' },
    onErase: { do: 'delete', by: 'user_id' },
  },
  messages: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      user_id: 'user',
      channel: 'plain',
      template: 'plain',
      is_outbox_only: 'plain',
      sealed_content: 'personal',
      lane: 'plain',
      destination: 'digest',
      stage: 'plain',
      state: 'plain',
      attempts: 'plain',
      next_attempt_at: 'plain',
      created_at: 'plain',
      cost: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  idempotency: {
    columns: {
      org_key: 'plain',
      key_digest: 'plain',
      body_digest: 'digest',
      user_id: 'user',
      status: 'plain',
      created_at: 'plain',
      connection_id: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  connections: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      user_id: 'user',
      provider: 'personal',
      status: 'personal',
      connected_at: 'personal',
      last_sync_at: 'personal',
      sealed_grants: 'personal',
      account_digest: 'digest',
      refresh_at: 'plain',
      unanswered: 'plain',
      refresh_failures: 'plain',
      refresh_refusals: 'plain',
      refresh_outcome: 'plain',
      version: 'plain',
      created_at: 'personal',
      updated_at: 'personal',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  oauth_attempts: {
    columns: {
      org_key: 'plain',
      flow_digest: 'plain',
      connection_id: 'plain',
      user_id: 'user',
      sealed_secrets: 'plain',
      return_to: 'plain',
      expires_at: 'plain',
      state_digest: 'plain',
      browser_digest: 'plain',
      outcome: 'plain',
      settles_at: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  revocations: {
    columns: {
      seq: 'plain',
      org_key: 'plain',
      id: 'plain',
      connection_id: 'plain',
      provider: 'plain',
      sealed_grant: 'grant',
      erasure_id: 'plain',
      state: 'plain',
      unanswered: 'plain',
      attempts: 'plain',
      next_attempt_at: 'plain',
      outcome: 'plain',
      deadline_at: 'plain',
      version: 'plain',
      created_at: 'plain',
      ended_at: 'plain',
      claimed_by: 'plain',
    },
    onErase: {
      do: 'keep',
      why: 'what a provider must still be told, without a name; the grant goes when the provider confirms',
    },
  },
  ...erasureData,
  ...auditData,
  ...staffData,
  ...peopleData,
  connect_tokens: {
    columns: {
      org_key: 'plain',
      digest: 'plain',
      user_id: 'user',
      kind: 'plain',
      expires_at: 'plain',
      family: 'plain',
      spent_at: 'plain',
    },
    onErase: { do: 'delete', by: 'user_id' },
  },
  imports: {
    columns: {
      org_key: 'plain',
      id: 'plain',
      bytes: 'plain',
      lines: 'plain',
      digest: 'plain',
      imported: 'plain',
      rejected: 'plain',
      elapsed_ms: 'plain',
      started_at: 'plain',
      finished_at: 'plain',
      skipped: 'plain',
      without_password: 'plain',
    },
    onErase: { do: 'keep', why: 'how much of an input is done, and digests of all of it' },
  },
  import_rejects: {
    columns: { org_key: 'plain', import_id: 'plain', line: 'plain', field: 'plain', reason: 'plain' },
    onErase: { do: 'keep', why: 'line numbers of rows that made no user' },
  },
  schema_migrations: {
    columns: { version: 'plain', name: 'plain', applied_at: 'plain' },
    onErase: noPerson,
  },
} as const satisfies Registry;
