/**
 * The index of the archived events of a user has the action and the actor too, so that a list of one action or one actor about a
 * user reads this index alone.
 */
import type { Migration } from '../migrate.ts';

export const auditUserIndex: Migration = {
  version: 30,
  name: 'audit-user-index',
  statements: () => [
    'drop index audit_archive_subject',
    `create index audit_archive_subject on audit_archive (org_key, subject_id, at, seq, action, actor_id)
      where subject_kind = 'user'`,
  ],
};
