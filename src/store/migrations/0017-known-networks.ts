/**
 * The networks from which accounts sign in, and wrong passwords by account and network. The counts from before are
 * dropped: they delay a sign-in by a minute at most. A session counts the wrong passwords that come with it.
 */
import type { Migration } from '../migrate.ts';

export const knownNetworks: Migration = {
  version: 17,
  name: 'known-networks',
  statements: ({ types: { integer, text }, keyTable }) => [
    'drop table login_failures',
    `create table login_failures (
      org_key ${integer} not null,
      subject ${text} not null,
      network ${text} not null,
      failures ${integer} not null,
      last_at ${integer} not null,
      debt_until ${integer} not null,
      primary key (org_key, subject, network)
    ) ${keyTable}`,
    'create index login_failures_last on login_failures (last_at)',

    `create table known_networks (
      org_key ${integer} not null,
      user_id ${text} not null,
      site ${text} not null,
      network ${text} not null,
      used_at ${integer} not null,
      primary key (org_key, user_id, site, network),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index known_networks_use on known_networks (used_at)',

    `alter table sessions add column wrong_passwords ${integer} not null default 0`,
  ],
};
