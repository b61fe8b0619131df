/**
 * Waiting messages have a lane, a digest of their destination, and a stage. Only messages that may be sent now are in the
 * indexes that claims read, so a claim costs the same however many others wait. Messages from before have the destination
 * `-`, and wait until their next attempt makes them due.
 */
import type { Migration } from '../migrate.ts';

const isDue = `state = 'queued' and stage = 'due'`;

export const messageLanes: Migration = {
  version: 28,
  name: 'message-lanes',
  statements: ({ types: { text } }) => [
    `alter table messages add column lane ${text} not null default 'email_notice' check (lane in (
      'sms_code', 'sms_link', 'sms_invitation', 'sms_notice',
      'email_code', 'email_link', 'email_invitation', 'email_notice'
    ))`,
    `alter table messages add column destination ${text} not null default ''`,
    `alter table messages add column stage ${text} not null default 'waiting'
      check (stage in ('due', 'claimed', 'waiting'))`,
    `update messages set destination = '-', lane = channel || case
      when template = 'confirmation' then '_code'
      when template = 'invitation' then '_invitation'
      when template in ('email_changed', 'phone_changed', 'password_changed', 'new_network') then '_notice'
      else '_link' end
    where state = 'queued'`,
    'drop index messages_due',
    `create index messages_due on messages (lane, org_key, destination, seq) where ${isDue}`,
    // It has all queued messages: PostgreSQL without statistics might read a second index of due ones for a claim.
    `create index messages_queued on messages (template, channel, stage, created_at) where state = 'queued'`,
    `create index messages_claimed on messages (next_attempt_at, destination)
      where state = 'queued' and stage = 'claimed'`,
    `create index messages_waiting on messages (next_attempt_at)
      where state = 'queued' and stage = 'waiting'`,
  ],
};
