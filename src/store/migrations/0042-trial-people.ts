/** The trial person of each app, for whom the console opens the Connect page. A mark of its own: an external id is one that others can take. */
import type { Migration } from '../migrate.ts';

export const trialPeople: Migration = {
  version: 42,
  name: 'trial-people',
  statements: ({ types: { integer, text }, keyTable }) => [
    `create table trial_people (
      org_key ${integer} not null,
      user_id ${text} not null,
      app_id ${text} not null,
      primary key (org_key, user_id),
      foreign key (org_key, user_id) references users (org_key, id)
    ) ${keyTable}`,
    'create unique index trial_people_app on trial_people (org_key, app_id)',
  ],
};
