/**
 * The audit log: one event for each change, with actor, action, subject and door, and the names of the changed fields. Reads
 * and refusals are in it too (`tally.ts`, `reads.ts`). It has only ids, numbers and names of fields: no value of a field, so that an
 * erasure has nothing to remove from it.
 */

import type { Principal } from '../access/principal.ts';
import { newDatedId, type OrgKey, type UserId } from '../ids.ts';
import { hourMs } from '../time.ts';

export const auditActions = [
  'organization.created',
  'organization.renamed',
  'app.created',
  'app.key_rotated',
  'app.secret_rotated',
  'app.branded',
  'app.renamed',
  'app.updated',
  'api_key.created',
  'api_key.rotated',
  'api_key.updated',
  'api_key.former_ended',
  'api_key.revoked',
  'user.created',
  'user.updated',
  'user.role_changed',
  'user.clinical_changed',
  'user.password_changed',
  'user.email_changed',
  'user.email_change_requested',
  'user.email_change_undone',
  'user.phone_changed',
  'user.read',
  'user.listed',
  'user.exported',
  'user.confirmed',
  'user.clinical_approved',
  'user.email_proved',
  'user.email_released',
  'user.code_sent',
  'user.proof_sent',
  'user.unlocked',
  'user.revealed',
  'user.cancelled',
  'user.restored',
  'user.deleted',
  'user.synced',
  'user.scored',
  'session.started',
  'session.ended',
  'session.refused',
  'access.forbidden',
  'access.throttled',
  'audit.read',
  'command.run',
  'password.reset_requested',
  'password.reset',
  'invitation.sent',
  'invitation.accepted',
  'connect.session_issued',
  'connect.id_issued',
  'connect.access_issued',
  'connect.access_refreshed',
  'connect.access_revoked',
  'connect.public_issued',
  'connection.started',
  'connection.connected',
  'connection.account_refused',
  'connection.lost',
  'connection.disconnected',
  'connection.revoked',
  'connection.overdue',
  'connection.abandoned',
  'erasure.abandoned',
  'staff.created',
  'staff.role_changed',
  'staff.email_changed',
  'staff.removed',
  'staff.link_issued',
  'staff.enrolled',
  'staff.factor_added',
  'staff.factor_removed',
  'staff.factor_given',
  'staff.codes_replaced',
] as const;
export type AuditAction = (typeof auditActions)[number];

export type AuditSubjectKind =
  | 'organization'
  | 'app'
  | 'api_key'
  | 'user'
  | 'connection'
  | 'erasure'
  | 'staff'
  /** The users that a list or a count is about: of the organization, or of the app with that id. */
  | 'users'
  /** A command of the command line, by its name. */
  | 'command'
  /** The audit log itself. */
  | 'audit_log'
  | 'unknown';

export interface AuditEvent {
  /** `evt_` and 32 hex digits. */
  readonly id: string;
  readonly at: number;
  readonly actorKind: Principal['kind'];
  /** The id of the key, app, user or staff account; null for the public and the operator. */
  readonly actorId: string | null;
  readonly door: string;
  readonly action: AuditAction;
  readonly subjectKind: AuditSubjectKind;
  readonly subjectId: string;
  /** The names of the changed fields, as the APIs spell them; empty where the action says it all. */
  readonly fields: readonly string[];
  /** How many users a read has shown; null for other events. */
  readonly users: number | null;
  /** How often it happened in the hour that begins at `at`; null for a single event. */
  readonly times: number | null;
}

/** What more an event says than its action. */
export type EventDetails = Partial<Pick<AuditEvent, 'id' | 'fields' | 'users'>>;

/** Something that is counted by the hour instead of recorded each time. `times` and `users` are added to the count. */
export type CountedEvent = Omit<AuditEvent, 'id' | 'fields' | 'times'> & { readonly times: number };

export interface AuditStore {
  insert(event: AuditEvent): Promise<void>;
  /** Adds events in their order. */
  insertAll(events: readonly AuditEvent[]): Promise<void>;
  /** Deletes the event about the unknown subject of that id, which a decoy has added in this transaction. */
  dropDecoy(subjectId: string): Promise<void>;
  /** Adds to the count of the hour at `at`, an instant at which an hour begins; the first call creates the row. */
  addCount(event: CountedEvent): Promise<void>;
  /** Moves the oldest of the newest events, at most `limit`, to where lists find them by an index. Returns how many. */
  archive(limit: number): Promise<number>;
  /** How many of the newest events there are, counted up to `limit`. */
  countRecent(limit: number): Promise<number>;
  /** Ends the mark of the organization for the job of the archive. */
  unmark(): Promise<void>;
  /** Counts at most `limit` events of a list that became long. Returns false where no list has still to be counted. */
  countMore(limit: number): Promise<boolean>;
  /** The events that match, newest first, from the one at `offset`, with the exact number of all that match. */
  page(
    filter: AuditFilter,
    offset: number,
    size: number,
  ): Promise<{ readonly items: readonly AuditEvent[]; readonly total: number }>;
  /** How many events of the action there are on each of `days` days (UTC), from the one that begins at `firstDay`. */
  countByDay(action: AuditAction, firstDay: number, days: number): Promise<readonly number[]>;
  /** Oldest first: at most `limit` events that match and follow the position `after`. */
  listOldestFirst(
    filter: AuditFilter,
    after: AuditPosition | null,
    limit: number,
  ): Promise<readonly StoredEvent[]>;
}

/** What the job of the archive looks for. */
export interface AuditQueue {
  /** Of the first `limit` organizations after `after` in the order of their keys, what has to be done. */
  survey(after: OrgKey, limit: number): Promise<readonly ArchiveWork[]>;
  /** Organizations that are marked because they have many new events, at most `limit`. */
  listMarked(limit: number): Promise<readonly OrgKey[]>;
  /** Organizations with a list that is not counted yet, at most `limit`. */
  listUncounted(limit: number): Promise<readonly OrgKey[]>;
}

export interface ArchiveWork {
  readonly orgKey: OrgKey;
  /** How many events are not in the archive. */
  readonly recent: number;
  /** How many lists are not counted yet. */
  readonly uncounted: number;
}

/** Where an event is in the order of lists: by time, then in the order of writing. */
export interface AuditPosition {
  readonly at: number;
  readonly seq: number;
}

export type StoredEvent = AuditEvent & AuditPosition;

/** Which events a list shows; null: all. */
export interface AuditFilter {
  /** The user whom the event is about. */
  readonly userId: UserId | null;
  readonly actorId: string | null;
  readonly action: string | null;
  /** From this instant on, in epoch milliseconds. */
  readonly since: number | null;
  /** Before this instant. */
  readonly until: number | null;
}

/** A step: adds the audit event of a change to its transaction. */
export function record(
  tx: { readonly audit: AuditStore },
  principal: Principal,
  action: AuditAction,
  subject: { readonly kind: AuditSubjectKind; readonly id: string },
  at: number,
  details: EventDetails = {},
): Promise<void> {
  return tx.audit.insert(eventOf(principal, action, subject, at, details));
}

/** A step: adds one to the count of such events in this hour, instead of an event. */
export function recordCounted(
  tx: { readonly audit: AuditStore },
  principal: Principal,
  action: AuditAction,
  subject: { readonly kind: AuditSubjectKind; readonly id: string },
  at: number,
  details: Pick<EventDetails, 'users'> = {},
): Promise<void> {
  const { id: _, fields: __, ...event } = eventOf(principal, action, subject, at, details);
  return tx.audit.addCount({ ...event, at: at - (at % hourMs), times: 1 });
}

/** As `record`, one event for each subject. */
export function recordAll(
  tx: { readonly audit: AuditStore },
  principal: Principal,
  action: AuditAction,
  subjects: readonly { readonly kind: AuditSubjectKind; readonly id: string }[],
  at: number,
): Promise<void> {
  return tx.audit.insertAll(subjects.map((subject) => eventOf(principal, action, subject, at)));
}

function eventOf(
  principal: Principal,
  action: AuditAction,
  subject: { readonly kind: AuditSubjectKind; readonly id: string },
  at: number,
  { id = newDatedId('evt', at), fields = [], users = null }: EventDetails = {},
): AuditEvent {
  return {
    id,
    at,
    actorKind: principal.kind,
    actorId: actorIdOf(principal),
    door: principal.door,
    action,
    subjectKind: subject.kind,
    subjectId: subject.id,
    fields,
    users,
    times: null,
  };
}

/** The id by which events name the principal; null for one without an id. */
export function actorIdOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'api_key':
      return principal.keyId;
    case 'app':
      return principal.appId;
    case 'user':
    case 'connect':
      return principal.userId;
    case 'staff':
      return principal.staffId;
    case 'operator':
      return principal.accountId ?? null;
    case 'public':
      return null;
  }
}
