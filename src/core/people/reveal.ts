/**
 * Shows staff a masked field of a person, for a reason. The look is an audit event with the names of the fields; the reason, which may
 * name the person, is stored beside it and goes with the person. An account has a budget of looks by the hour.
 */
import { authorize, type Principal } from '../access/principal.ts';
import type { Core } from '../core.ts';
import { fullNameOf, type User } from '../directory/user.ts';
import { FieldReader, type FieldResult, readText } from '../directory/user-fields.ts';
import type { UserRef } from '../directory/user-store.ts';
import { refuse, refuseFaults } from '../errors.ts';
import { newDatedId } from '../ids.ts';
import { record } from '../record/audit-event.ts';
import { requireFreshFactor } from '../staff/authenticate-staff.ts';
import { countLook } from '../staff/staff-budget.ts';
import { type MaskedField, maskedFields } from './masked-person.ts';
import { actionOf } from './person-act.ts';

export type RevealedValues = Readonly<Partial<Record<MaskedField, string | null>>>;

const reasonCharacters = { min: 3, max: 200 } as const;

/**
 * The values of one field, or of all with a fresh second factor. `field` and `reason` are unchecked input. Refuses with
 * `forbidden`, `invalid_fields`, `fresh_factor_required`, `rate_limited` and `not_found` (user).
 */
export async function revealPerson(
  core: Core,
  principal: Principal,
  input: { readonly ref: UserRef | null; readonly field: unknown; readonly reason: unknown },
): Promise<RevealedValues> {
  authorize(principal, actionOf('reveal'));
  const fields = new FieldReader();
  const wanted = fields.take('field', readFields(input.field));
  const reason = fields.take('reason', readReason(input.reason));
  refuseFaults(fields.faults);
  if (wanted === undefined || reason === undefined) throw refuse('internal', {});
  if (wanted.length > 1) requireFreshFactor(core, principal);
  const { ref } = input;
  return core.work.change(principal.orgKey, async (tx) => {
    const user = ref === null ? null : await tx.users.lock(ref);
    if (user === null) throw refuse('not_found', { noun: 'user' });
    await countLook(core, tx, principal);
    const at = core.clock.now();
    const eventId = newDatedId('evt', at);
    const subject = { kind: 'user', id: user.id } as const;
    await record(tx, principal, 'user.revealed', subject, at, {
      id: eventId,
      fields: wanted.map(nameOf),
      users: 1,
    });
    await tx.reveals.insert({ eventId, userId: user.id, reason, at });
    return Object.fromEntries(wanted.map((field) => [field, shownValue(user, field)]));
  });
}

function readFields(value: unknown): FieldResult<readonly MaskedField[]> {
  if (value === 'all') return { value: maskedFields };
  const field = maskedFields.find((each) => each === value);
  return field === undefined ? { fault: 'invalid' } : { value: [field] };
}

function readReason(value: unknown): FieldResult<string> {
  const { min, max } = reasonCharacters;
  const read = readText(value, max);
  return 'value' in read && read.value.length < min ? { fault: 'too_short', min } : read;
}

/** The name of the field as events spell it. */
function nameOf(field: MaskedField): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function shownValue(user: User, field: MaskedField): string | null {
  return field === 'name' ? fullNameOf(user) : user[field];
}
