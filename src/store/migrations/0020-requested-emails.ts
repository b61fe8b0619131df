/**
 * The address that a user requests and has not proved, where a deployment tells no accounts. It is not unique. The
 * index has the few users with a request, for the job that ends requests.
 */
import type { Migration } from '../migrate.ts';

export const requestedEmails: Migration = {
  version: 20,
  name: 'requested-emails',
  statements: ({ types: { integer, text } }) => [
    `alter table users add column requested_email ${text}`,
    `alter table users add column email_requested_at ${integer}`,
    'create index users_email_requested on users (email_requested_at) where email_requested_at is not null',
  ],
};
