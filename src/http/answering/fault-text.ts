/**
 * The English text for a field fault, for contracts whose document has no text of its own. The text follows the
 * name of the field: "per_page must be a whole number from 1 to 100".
 */
import type { FieldFault, FieldFaultCode } from '../../core/errors.ts';

const texts = {
  blank: () => 'must not be empty',
  invalid: () => 'is invalid',
  too_short: ({ min }) => `must have at least ${min} characters`,
  too_long: ({ max }) => `must have at most ${max} characters`,
  too_common: () => 'is too common',
  same_as_email: () => 'must not be the email',
  differs: () => 'must be the same',
  taken: () => 'has already been taken',
  out_of_range: ({ min, max }) => `must be a whole number from ${min} to ${max}`,
  read_only: () => 'cannot be set',
  unknown: () => 'is not a name that is known here',
  in_future: () => 'must not be more than 5 minutes in the future',
  required_for_change: () => 'is required for this change',
  unproved: () => 'is not verified',
  unlisted: ({ choices = [] }) =>
    choices.length === 0
      ? 'is invalid: there is none to choose from'
      : `must be one of ${choices.join(', ')}`,
} satisfies Record<FieldFaultCode, (fault: FieldFault) => string>;

export function faultText(fault: FieldFault): string {
  return texts[fault.fault](fault);
}
