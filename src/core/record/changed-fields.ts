/**
 * How a change of a user is recorded. What decides who a user is, or what the user may do, has an action of its own; all other
 * fields share `user.updated`. An event names the fields that changed, as the APIs spell them, and never a value.
 */
import type { Principal } from '../access/principal.ts';
import type { User, UserChanges } from '../directory/user.ts';
import type { Tx } from '../unit-of-work.ts';
import { type AuditAction, record } from './audit-event.ts';

/** The actions of fields that have one, with the name of the field; null: a field that follows from another. */
const ownActions: Partial<Record<keyof User, readonly [AuditAction, string] | null>> = {
  role: ['user.role_changed', 'role'],
  isClinical: ['user.clinical_changed', 'clinical'],
  isClinicalApproved: ['user.clinical_changed', 'clinical_approved'],
  passwordHash: ['user.password_changed', 'password'],
  email: ['user.email_changed', 'email'],
  emailProvedAt: ['user.email_changed', 'email_proved'],
  requestedEmail: ['user.email_changed', 'email'],
  emailRequestedAt: null,
  phone: ['user.phone_changed', 'phone'],
  phoneE164: ['user.phone_changed', 'phone'],
  phoneProvedAt: ['user.phone_changed', 'phone_proved'],
  confirmedAt: ['user.phone_changed', 'confirmed'],
  isSelfRegistered: null,
  updatedAt: null,
};

/** A step: records a change of a user by its fields, an event for each action. */
export async function recordChangedFields(
  tx: Tx,
  principal: Principal,
  before: User,
  after: UserChanges,
  at: number,
): Promise<void> {
  const byAction = new Map<AuditAction, Set<string>>();
  for (const [action, field] of changedFieldsOf(before, after)) {
    const fields = byAction.get(action) ?? new Set<string>();
    byAction.set(action, fields.add(field));
  }
  for (const [action, fields] of byAction) {
    await record(tx, principal, action, { kind: 'user', id: before.id }, at, { fields: [...fields].sort() });
  }
}

function* changedFieldsOf(before: User, after: UserChanges): Generator<readonly [AuditAction, string]> {
  const present: Readonly<Record<string, unknown>> = { ...before };
  const own: Readonly<Record<string, readonly [AuditAction, string] | null | undefined>> = ownActions;
  for (const [name, value] of Object.entries(after)) {
    if (present[name] === value) continue;
    const entry = own[name];
    if (entry === undefined) yield ['user.updated', toFieldName(name)];
    else if (entry !== null) yield entry;
  }
}

/** `firstName`: `first_name`; `isTemplate`: `template`. */
export function toFieldName(column: string): string {
  const name = column.replace(/^is(?=[A-Z])/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return name.replace(/^_/, '');
}
