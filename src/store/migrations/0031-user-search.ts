/**
 * The search of users. `search_blocks` are ranges of sequence numbers of users; `search_leaves` say for each block which of
 * its users have which token; `search_changes` has the users who have changed since their block was built, with the text
 * that the block knows. The blocks of existing users are built by a job, so that the upgrade is short.
 */
import type { Migration } from '../migrate.ts';

export const userSearch: Migration = {
  version: 31,
  name: 'user-search',
  statements: ({ types: { integer, text, bytes }, rowTable, keyTable }) => [
    'create unique index users_position on users (org_key, position)',

    `create table search_blocks (
      org_key ${integer} not null,
      first_seq ${integer} not null,
      last_seq ${integer} not null,
      users ${integer} not null,
      version ${integer} not null,
      primary key (org_key, first_seq)
    ) ${keyTable}`,

    `create table search_leaves (
      org_key ${integer} not null,
      block ${integer} not null,
      token ${integer} not null,
      entries ${bytes.replace('storage plain', 'storage external')} not null,
      primary key (org_key, block, token)
    ) ${rowTable}`,

    `create table search_changes (
      org_key ${integer} not null,
      user_id ${text} not null,
      seq ${integer} not null,
      former_text ${text} not null,
      primary key (org_key, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create index search_changes_seq on search_changes (org_key, seq)',
  ],
};
