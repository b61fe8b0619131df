/** What the tables of the audit log hold of a person: bare ids. It is a part of the registry in `personal-data.ts`. */
const auditEventContents = {
  seq: 'plain',
  org_key: 'plain',
  id: 'plain',
  at: 'plain',
  actor_kind: 'plain',
  actor_id: 'user',
  door: 'plain',
  action: 'plain',
  subject_kind: 'plain',
  subject_id: 'user',
  fields: 'plain',
  users: 'plain',
  times: 'plain',
  tally: 'user',
} as const;

export const auditData = {
  audit_events: {
    columns: auditEventContents,
    onErase: { do: 'keep', why: 'the record of what was done keeps bare ids and nothing else of a person' },
  },
  audit_archive: {
    columns: auditEventContents,
    onErase: { do: 'keep', why: 'older rows of the same record', partOf: 'audit_events' },
  },
  audit_lists: {
    columns: { org_key: 'plain', selector: 'user', counted_at: 'plain', counted_seq: 'plain' },
    onErase: { do: 'keep', why: 'which lists of the same record are long', partOf: 'audit_events' },
  },
  audit_counts: {
    columns: { org_key: 'plain', selector: 'user', node: 'plain', entries: 'plain' },
    onErase: { do: 'keep', why: 'how many rows of the same record such a list has', partOf: 'audit_events' },
  },
} as const;
