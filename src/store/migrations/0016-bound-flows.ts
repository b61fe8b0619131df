/**
 * A flow to a provider is bound to one browser: its row is found by the digest of the flow token, has a digest of the
 * browser's secret, and a new OAuth state each time that a browser begins it. A row lives for minutes, so the flows from
 * before this version are dropped: their people begin again.
 */
import type { Migration } from '../migrate.ts';

export const boundFlows: Migration = {
  version: 16,
  name: 'bound-flows',
  statements: ({ types: { integer, text }, keyTable }) => [
    'drop table oauth_attempts',
    `create table oauth_attempts (
      org_key ${integer} not null,
      flow_digest ${text} not null,
      connection_id ${text} not null,
      user_id ${text} not null,
      sealed_secrets ${text} not null,
      return_to ${text} not null check (return_to in ('page', 'opener')),
      expires_at ${integer} not null,
      state_digest ${text},
      browser_digest ${text},
      outcome ${text} check (outcome in
        ('exchanging', 'connected', 'denied', 'failed', 'refused', 'withdrawn', 'account_taken')),
      settles_at ${integer},
      check ((state_digest is null) = (browser_digest is null)),
      primary key (org_key, flow_digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index oauth_attempts_user on oauth_attempts (org_key, user_id)',
    'create index oauth_attempts_connection on oauth_attempts (org_key, connection_id, expires_at)',
    'create index oauth_attempts_expiry on oauth_attempts (expires_at)',
    `create unique index oauth_attempts_state on oauth_attempts (org_key, state_digest)
      where state_digest is not null`,
  ],
};
