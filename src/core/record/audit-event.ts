/** The audit log: one event for each change, with actor, action, subject and door. Only ids, no personal data. */

import type { Principal } from '../access/principal.ts';
import { newDatedId } from '../ids.ts';

export type AuditAction =
  | 'organization.created'
  | 'organization.renamed'
  | 'app.created'
  | 'app.key_rotated'
  | 'app.secret_rotated'
  | 'app.branded'
  | 'app.renamed'
  | 'app.updated'
  | 'api_key.created'
  | 'api_key.rotated'
  | 'api_key.revoked'
  | 'user.created'
  | 'user.updated'
  | 'user.confirmed'
  | 'user.clinical_approved'
  | 'user.email_proved'
  | 'user.email_released'
  | 'user.code_sent'
  | 'user.cancelled'
  | 'user.restored'
  | 'user.deleted'
  | 'user.synced'
  | 'user.scored'
  | 'session.started'
  | 'session.ended'
  | 'password.reset_requested'
  | 'password.reset'
  | 'invitation.accepted'
  | 'connect.session_issued'
  | 'connect.id_issued'
  | 'connect.access_issued'
  | 'connect.access_refreshed'
  | 'connect.access_revoked'
  | 'connect.public_issued'
  | 'connection.started'
  | 'connection.connected'
  | 'connection.account_refused'
  | 'connection.lost'
  | 'connection.disconnected'
  | 'connection.revoked'
  | 'connection.overdue'
  | 'connection.abandoned'
  | 'erasure.abandoned';

export type AuditSubjectKind = 'organization' | 'app' | 'api_key' | 'user' | 'connection' | 'erasure';

export interface AuditEvent {
  /** `evt_` and 32 hex digits. */
  readonly id: string;
  readonly at: number;
  readonly actorKind: Principal['kind'];
  /** The key's, app's or user's id; null for the public and the operator. */
  readonly actorId: string | null;
  readonly door: string;
  readonly action: AuditAction;
  readonly subjectKind: AuditSubjectKind;
  readonly subjectId: string;
}

export interface AuditStore {
  insert(event: AuditEvent): Promise<void>;
  /** Adds events in their order. */
  insertAll(events: readonly AuditEvent[]): Promise<void>;
  /** Oldest first. */
  list(limit: number): Promise<readonly AuditEvent[]>;
}

/** A step: adds the audit event of a change to its transaction. */
export function record(
  tx: { readonly audit: AuditStore },
  principal: Principal,
  action: AuditAction,
  subject: { readonly kind: AuditSubjectKind; readonly id: string },
  at: number,
): Promise<void> {
  return tx.audit.insert(eventOf(principal, action, subject, at));
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
): AuditEvent {
  return {
    id: newDatedId('evt', at),
    at,
    actorKind: principal.kind,
    actorId: actorIdOf(principal),
    door: principal.door,
    action,
    subjectKind: subject.kind,
    subjectId: subject.id,
  };
}

function actorIdOf(principal: Principal): string | null {
  switch (principal.kind) {
    case 'api_key':
      return principal.keyId;
    case 'app':
      return principal.appId;
    case 'user':
    case 'connect':
      return principal.userId;
    case 'public':
    case 'operator':
      return null;
  }
}
