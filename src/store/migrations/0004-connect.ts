/** Connect: a client secret and the origins that may frame the page for each app, and the tokens it works with. */
import type { Migration } from '../migrate.ts';

export const connect: Migration = {
  version: 4,
  name: 'connect',
  statements: ({ types: { integer, text }, keyTable }) => [
    `alter table apps add column client_secret_digest ${text}`,
    `alter table apps add column origins ${text} not null default '[]'`,

    `create table connect_tokens (
      org_key ${integer} not null,
      digest ${text} not null,
      user_id ${text} not null,
      kind ${text} not null check (kind in ('session', 'id', 'access', 'refresh', 'public')),
      expires_at ${integer} not null,
      primary key (org_key, digest),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index connect_tokens_user on connect_tokens (org_key, user_id)',
    'create index connect_tokens_expiry on connect_tokens (expires_at)',
  ],
};
