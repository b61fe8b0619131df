/**
 * The staff accounts of the console, apart from users: passkeys, recovery codes, one-time links, sessions and the networks
 * from which they signed in.
 */
import type { Migration } from '../migrate.ts';

export const staffAccounts: Migration = {
  version: 35,
  name: 'staff-accounts',
  statements: ({ types: { integer, text, flag }, keyTable, rowTable }) => [
    `create table staff_accounts (
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      email ${text} not null,
      email_key ${text} not null,
      name ${text} not null,
      role ${text} not null check (role in ('owner', 'support', 'privacy', 'engineer')),
      password_hash ${text},
      sealed_totp ${text},
      totp_step ${integer},
      created_at ${integer} not null,
      enrolled_at ${integer},
      primary key (org_key, id)
    ) ${rowTable}`,
    'create unique index staff_accounts_email on staff_accounts (org_key, email_key)',
    'create index staff_accounts_sign_in on staff_accounts (email_key, created_at)',
    'create index staff_accounts_id on staff_accounts (id)',

    `create table staff_passkeys (
      org_key ${integer} not null,
      id ${text} not null,
      staff_id ${text} not null,
      credential_id ${text} not null,
      public_key ${text} not null,
      signs ${integer} not null,
      transports ${text} not null,
      name ${text} not null,
      is_synced ${flag} not null,
      created_at ${integer} not null,
      used_at ${integer},
      primary key (org_key, id),
      foreign key (org_key, staff_id) references staff_accounts (org_key, id)
    ) ${rowTable}`,
    'create index staff_passkeys_account on staff_passkeys (org_key, staff_id)',
    'create unique index staff_passkeys_credential on staff_passkeys (org_key, credential_id)',

    `create table staff_recovery_codes (
      org_key ${integer} not null,
      staff_id ${text} not null,
      digest ${text} not null,
      primary key (org_key, staff_id, digest),
      foreign key (org_key, staff_id) references staff_accounts (org_key, id)
    ) ${keyTable}`,

    `create table staff_links (
      org_key ${integer} not null,
      digest ${text} not null,
      staff_id ${text} not null,
      expires_at ${integer} not null,
      primary key (org_key, digest),
      foreign key (org_key, staff_id) references staff_accounts (org_key, id)
    ) ${keyTable}`,
    'create index staff_links_account on staff_links (org_key, staff_id)',
    'create index staff_links_end on staff_links (expires_at)',

    `create table staff_sessions (
      org_key ${integer} not null,
      digest ${text} not null,
      id ${text} not null,
      staff_id ${text} not null,
      stage ${text} not null check (stage in ('password', 'enrolment', 'open')),
      network ${text} not null,
      started_at ${integer} not null,
      last_used_at ${integer} not null,
      expires_at ${integer} not null,
      factor_at ${integer},
      challenge_digest ${text},
      sealed_totp ${text},
      primary key (org_key, digest),
      foreign key (org_key, staff_id) references staff_accounts (org_key, id)
    ) ${keyTable}`,
    'create unique index staff_sessions_id on staff_sessions (org_key, id)',
    'create index staff_sessions_account on staff_sessions (org_key, staff_id, started_at)',
    'create index staff_sessions_end on staff_sessions (expires_at)',

    `create table staff_networks (
      org_key ${integer} not null,
      staff_id ${text} not null,
      network ${text} not null,
      used_at ${integer} not null,
      primary key (org_key, staff_id, network),
      foreign key (org_key, staff_id) references staff_accounts (org_key, id)
    ) ${keyTable}`,
    'create index staff_networks_use on staff_networks (used_at)',
  ],
};
