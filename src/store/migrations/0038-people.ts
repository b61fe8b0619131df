/** Why staff looked at masked fields of people, and acts on many people with who is left to do. */
import type { Migration } from '../migrate.ts';

export const people: Migration = {
  version: 38,
  name: 'people',
  statements: ({ types: { integer, text }, keyTable, rowTable }) => [
    `create table reveals (
      org_key ${integer} not null,
      event_id ${text} not null,
      user_id ${text} not null,
      reason ${text} not null,
      at ${integer} not null,
      primary key (org_key, user_id, event_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index reveals_age on reveals (at)',

    `create table bulk_acts (
      org_key ${integer} not null,
      id ${text} not null,
      act ${text} not null,
      made_by ${text} not null,
      state ${text} not null check (state in ('planned', 'running', 'complete', 'discarded')),
      total ${integer} not null,
      planned ${text} not null,
      changed ${integer} not null,
      failed ${text} not null,
      created_at ${integer} not null,
      primary key (org_key, id)
    ) ${rowTable}`,
    'create index bulk_acts_maker on bulk_acts (org_key, made_by, created_at)',
    'create index bulk_acts_age on bulk_acts (created_at)',

    `create table bulk_act_users (
      org_key ${integer} not null,
      bulk_id ${text} not null,
      user_id ${text} not null,
      leased_until ${integer} not null,
      created_at ${integer} not null,
      primary key (org_key, bulk_id, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index bulk_act_users_user on bulk_act_users (org_key, user_id)',
    'create index bulk_act_users_age on bulk_act_users (created_at)',
  ],
};
