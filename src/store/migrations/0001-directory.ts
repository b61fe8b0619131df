/**
 * The first schema: organizations, apps, keys, users and all that hangs on them.
 *
 * Keys that many rows share stand first and short: a user's row names its app by a small integer, and indexes
 * on what most users lack leave out the nulls. Rows that hang on a user refer to it, so the database itself
 * refuses a deletion that forgets some. Every unique key begins with the organization, but for those by which a
 * credential, an app or an organization is found before its tenant is known: these three tables are small.
 */
import type { Migration } from '../migrate.ts';

export const directory: Migration = {
  version: 1,
  name: 'directory',
  statements: ({
    types: { integer, flag, text, bytes },
    sequence,
    sequenceCopy,
    rowKey,
    rowTable,
    keyTable,
    busyTable,
  }) => [
    `create table organizations (
      seq ${sequence},
      org_key ${integer} not null ${rowKey},
      id ${text} not null unique,
      name ${text} not null,
      created_at ${integer} not null
    ) ${rowTable}`,

    `create table apps (
      app_key ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null unique,
      name ${text} not null,
      key_digest ${text} not null unique,
      is_signup_open ${flag} not null check (is_signup_open in (0, 1)),
      created_at ${integer} not null,
      ${rowKey} (org_key, app_key)
    ) ${rowTable}`,

    `create table api_keys (
      seq ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null ${rowKey},
      role ${text} not null check (role in ('admin', 'member', 'reader')),
      digest ${text} not null unique,
      created_at ${integer} not null,
      expires_at ${integer},
      revoked_at ${integer}
    ) ${rowTable}`,

    `create table users (
      seq ${sequence},
      position ${sequenceCopy},
      org_key ${integer} not null,
      id ${text} not null,
      number ${integer} not null,
      app_key ${integer} not null,
      external_id ${text},
      email ${text},
      email_canonical ${text},
      first_name ${text},
      last_name ${text},
      phone ${text},
      phone_e164 ${text},
      date_of_birth ${text},
      language ${text} not null,
      timezone ${text} not null,
      role ${text} not null check (role in ('parent', 'member', 'admin')),
      status ${text} not null check (status in ('pending', 'active', 'inactive')),
      was_active ${flag} not null check (was_active in (0, 1)),
      is_clinical ${flag} not null check (is_clinical in (0, 1)),
      is_clinical_approved ${flag} not null check (is_clinical_approved in (0, 1)),
      is_template ${flag} not null check (is_template in (0, 1)),
      is_native_signup ${flag} not null check (is_native_signup in (0, 1)),
      confirmed_at ${integer},
      password_hash ${text},
      created_at ${integer} not null,
      updated_at ${integer} not null,
      last_login_at ${integer},
      last_sync_at ${integer},
      last_score_at ${integer},
      check ((email is null) = (email_canonical is null)),
      ${rowKey} (org_key, id),
      unique (org_key, number),
      foreign key (org_key, app_key) references apps (org_key, app_key)
    ) ${rowTable}`,
    `create unique index users_email_canonical on users (org_key, email_canonical)
      where email_canonical is not null`,
    `create unique index users_external_id on users (org_key, external_id, app_key)
      where external_id is not null`,
    'create index users_order on users (org_key, created_at, position)',
    'create index users_status_order on users (org_key, status, created_at, position)',
    'create index users_app_order on users (org_key, app_key, created_at, position)',
    `create index users_admins on users (org_key, status) where role = 'admin'`,

    `create table user_counts (
      org_key ${integer} not null references organizations (org_key),
      node ${integer} not null,
      entries ${bytes} not null,
      primary key (org_key, node)
    ) ${busyTable}`,

    `create table sessions (
      org_key ${integer} not null,
      digest ${text} not null,
      id ${text} not null,
      user_id ${text} not null,
      started_at ${integer} not null,
      last_used_at ${integer} not null,
      expires_at ${integer} not null,
      primary key (org_key, digest),
      unique (org_key, id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index sessions_user on sessions (org_key, user_id)',
    'create index sessions_expiry on sessions (expires_at)',

    `create table confirmation_codes (
      org_key ${integer} not null,
      user_id ${text} not null,
      digest ${text} not null,
      expires_at ${integer} not null,
      tries_left ${integer} not null,
      primary key (org_key, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index confirmation_codes_expiry on confirmation_codes (expires_at)',

    `create table password_tokens (
      org_key ${integer} not null,
      digest ${text} not null,
      user_id ${text} not null,
      purpose ${text} not null check (purpose in ('reset', 'invitation')),
      expires_at ${integer} not null,
      primary key (org_key, digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index password_tokens_user on password_tokens (org_key, user_id)',
    'create index password_tokens_expiry on password_tokens (expires_at)',

    `create table password_requests (
      seq ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      email_digest ${text} not null,
      sealed_email ${text} not null,
      door ${text} not null,
      created_at ${integer} not null,
      ${rowKey} (org_key, id)
    ) ${rowTable}`,
    'create index password_requests_email on password_requests (org_key, email_digest)',

    // The organization 0 stands for none: networks are counted there.
    `create table throttle_hits (
      seq ${sequence},
      org_key ${integer} not null,
      subject ${text} not null,
      bucket ${text} not null,
      at ${integer} not null,
      expires_at ${integer} not null,
      ${rowKey} (org_key, subject, bucket, at, seq)
    ) ${rowTable}`,
    'create index throttle_hits_expiry on throttle_hits (expires_at)',

    `create table login_failures (
      org_key ${integer} not null,
      subject ${text} not null,
      failures ${integer} not null,
      last_at ${integer} not null,
      primary key (org_key, subject)
    ) ${keyTable}`,
    'create index login_failures_last on login_failures (last_at)',

    `create table messages (
      seq ${sequence},
      org_key ${integer} not null,
      id ${text} not null,
      user_id ${text} not null,
      channel ${text} not null check (channel in ('sms', 'email')),
      template ${text} not null,
      is_outbox_only ${flag} not null check (is_outbox_only in (0, 1)),
      sealed_content ${text},
      state ${text} not null check (state in ('queued', 'sent', 'kept', 'failed')),
      attempts ${integer} not null,
      next_attempt_at ${integer} not null,
      created_at ${integer} not null,
      ${rowKey} (org_key, id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${rowTable}`,
    'create index messages_user on messages (org_key, user_id)',
    `create index messages_due on messages (next_attempt_at, seq) where state = 'queued'`,
    'create index messages_content on messages (seq) where sealed_content is not null',

    `create table idempotency (
      org_key ${integer} not null,
      key_digest ${text} not null,
      body_digest ${text} not null,
      user_id ${text} not null,
      status ${integer} not null,
      created_at ${integer} not null,
      primary key (org_key, key_digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index idempotency_user on idempotency (org_key, user_id)',
    'create index idempotency_age on idempotency (created_at)',

    `create table audit_events (
      seq ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      at ${integer} not null,
      actor_kind ${text} not null,
      actor_id ${text},
      door ${text} not null,
      action ${text} not null,
      subject_kind ${text} not null,
      subject_id ${text} not null,
      ${rowKey} (org_key, seq)
    ) ${rowTable}`,
  ],
};
