/**
 * The audit log can be read, and it counts. An event has the names of the changed fields and, for reads, how many users
 * were shown. A row with a tally counts what happened many times in one hour. The indexes serve the filters of a list.
 */
import type { Migration } from '../migrate.ts';

export const auditLog: Migration = {
  version: 21,
  name: 'audit-log',
  statements: ({ types: { integer, text } }) => [
    `alter table audit_events add column fields ${text}`,
    `alter table audit_events add column users ${integer}`,
    `alter table audit_events add column times ${integer}`,
    `alter table audit_events add column tally ${text}`,
    'create index audit_events_at on audit_events (org_key, at, seq)',
    'create index audit_events_subject on audit_events (org_key, subject_id, at, seq)',
    'create index audit_events_actor on audit_events (org_key, actor_id, at, seq) where actor_id is not null',
    'create index audit_events_action on audit_events (org_key, action, at, seq)',
    'create unique index audit_events_tally on audit_events (org_key, tally) where tally is not null',
  ],
};
