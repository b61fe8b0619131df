/**
 * Connections to providers, the people who are on their way to one, and the grants that must end. A revocation
 * refers to no user: it is what outlives one until the provider has confirmed.
 */
import type { Migration } from '../migrate.ts';

export const connections: Migration = {
  version: 3,
  name: 'connections',
  statements: ({ types: { integer, text }, sequence, rowKey, rowTable, keyTable }) => [
    `create table connections (
      seq ${sequence},
      org_key ${integer} not null,
      id ${text} not null,
      user_id ${text} not null,
      provider ${text} not null,
      status ${text} not null
        check (status in ('pending', 'active', 'needs_user', 'revoking', 'revoked', 'overdue')),
      connected_at ${integer},
      last_sync_at ${integer},
      sealed_grants ${text},
      refresh_at ${integer},
      unanswered ${integer} not null,
      refresh_failures ${integer} not null,
      refresh_outcome ${text},
      version ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      ${rowKey} (org_key, id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${rowTable}`,
    'create index connections_user on connections (org_key, user_id, seq)',
    `create index connections_refresh on connections (provider, refresh_at)
      where status = 'active' and refresh_at is not null`,
    `create index connections_pending on connections (updated_at) where status = 'pending'`,

    `create table oauth_attempts (
      org_key ${integer} not null,
      state_digest ${text} not null,
      connection_id ${text} not null,
      user_id ${text} not null,
      sealed_secrets ${text} not null,
      return_to ${text} not null check (return_to in ('page', 'opener')),
      expires_at ${integer} not null,
      primary key (org_key, state_digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index oauth_attempts_user on oauth_attempts (org_key, user_id)',
    'create index oauth_attempts_connection on oauth_attempts (org_key, connection_id, expires_at)',
    'create index oauth_attempts_expiry on oauth_attempts (expires_at)',

    `create table revocations (
      seq ${sequence},
      org_key ${integer} not null references organizations (org_key),
      id ${text} not null,
      connection_id ${text} not null,
      provider ${text} not null,
      sealed_grant ${text},
      erasure_id ${text},
      state ${text} not null check (state in ('pending', 'confirmed', 'overdue', 'abandoned')),
      unanswered ${integer} not null,
      attempts ${integer} not null,
      next_attempt_at ${integer} not null,
      outcome ${text},
      deadline_at ${integer} not null,
      version ${integer} not null,
      created_at ${integer} not null,
      ended_at ${integer},
      check ((state in ('pending', 'overdue')) = (sealed_grant is not null)),
      ${rowKey} (org_key, id)
    ) ${rowTable}`,
    'create index revocations_connection on revocations (org_key, connection_id, seq)',
    'create index revocations_erasure on revocations (org_key, erasure_id, seq) where erasure_id is not null',
    `create index revocations_due on revocations (provider, next_attempt_at, seq)
      where state in ('pending', 'overdue')`,
    `create index revocations_missed on revocations (deadline_at) where state = 'pending'`,
    'create index revocations_ended on revocations (ended_at) where ended_at is not null and erasure_id is null',

    // What a request that is to be done once has made, where that is not the user.
    `alter table idempotency add column connection_id ${text}`,
  ],
};
