/**
 * A change writes its audit event into a small table with one key. A job moves the events into the archive, which has the
 * indexes of the lists, and counts those lists that are long. Events of earlier versions go into the archive here.
 */
import type { Migration } from '../migrate.ts';

const columns =
  'org_key, at, seq, id, actor_kind, actor_id, door, action, subject_kind, subject_id, fields, users, times, tally';

/** The lists with so many events are counted by a tree; the job begins with all of them. */
const longList = 1_000;
const longLists = (selector: string, by: string, where = 'true') => `
  select org_key, ${selector} as selector from audit_archive where ${where}
  group by org_key, ${by} having count(*) >= ${longList}`;

export const auditArchive: Migration = {
  version: 29,
  name: 'audit-archive',
  statements: ({ types: { integer, text, bytes }, keyTable, busyTable }) => [
    `create table audit_archive (
      org_key ${integer} not null,
      at ${integer} not null,
      seq ${integer} not null,
      id ${text} not null,
      actor_kind ${text} not null,
      actor_id ${text},
      door ${text} not null,
      action ${text} not null,
      subject_kind ${text} not null,
      subject_id ${text} not null,
      fields ${text},
      users ${integer},
      times ${integer},
      tally ${text},
      primary key (org_key, at, seq)
    ) ${keyTable}`,
    `insert into audit_archive (${columns}) select ${columns} from audit_events order by org_key, at, seq`,
    `create index audit_archive_subject on audit_archive (org_key, subject_id, at, seq)
      where subject_kind = 'user'`,
    'create index audit_archive_actor on audit_archive (org_key, actor_id, at, seq)',
    'create index audit_archive_action on audit_archive (org_key, action, at, seq)',
    'create index audit_archive_actor_action on audit_archive (org_key, actor_id, action, at, seq)',
    'create unique index audit_archive_tally on audit_archive (org_key, tally) where tally is not null',
    'drop index audit_events_at',
    'drop index audit_events_subject',
    'drop index audit_events_actor',
    'drop index audit_events_action',
    'delete from audit_events',
    // A decoy finds its own event by it. It has hardly any other rows.
    `create index audit_events_unknown on audit_events (org_key, subject_id) where subject_kind = 'unknown'`,
    `create table audit_lists (
      org_key ${integer} not null,
      selector ${text} not null,
      counted_at ${integer},
      counted_seq ${integer},
      primary key (org_key, selector)
    ) ${keyTable}`,
    `create index audit_lists_uncounted on audit_lists (org_key) where counted_at is not null`,
    `create table audit_counts (
      org_key ${integer} not null,
      selector ${text} not null,
      node ${integer} not null,
      entries ${bytes} not null,
      primary key (org_key, selector, node)
    ) ${busyTable}`,
    `insert into audit_lists (org_key, selector, counted_at, counted_seq)
      select org_key, selector, 0, 0 from (
        ${longLists(`'all'`, 'org_key')}
        union all ${longLists(`'action ' || action`, 'action')}
        union all ${longLists(`'actor ' || actor_id`, 'actor_id', 'actor_id is not null')}
        union all ${longLists(`'actor ' || actor_id || ' ' || action`, 'actor_id, action', 'actor_id is not null')}
        union all ${longLists(`'user ' || subject_id`, 'subject_id', `subject_kind = 'user'`)}
      ) long_lists`,
  ],
};
