/**
 * The answer of `general` to every refusal: a status, and `{errors}`, which is a text or a list of texts by field. The
 * table has every code; the compiler refuses a new code without an answer here. The document has a closed list of texts
 * for fields, one text per field, and its own names of fields. The document shows no status for a missing role: 403 is
 * our choice, with the text for a missing credential.
 */
import { type FieldFault, type FieldFaultCode, isRefusal } from '../../core/errors.ts';
import { hostText, mediaText } from '../../http/answering/http-text.ts';
import { nounText, type OwnNouns } from '../../http/answering/noun-text.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, RefusalContext } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';

type Errors = string | Readonly<Record<string, readonly string[]>>;

interface Envelope {
  readonly status: number;
  readonly errors: Errors;
}

const notAllowed = 'You are not authorized to perform this action.';

const envelopes = {
  unauthorized: { status: 401, errors: notAllowed },
  invalid_credentials: { status: 401, errors: 'Invalid email or password' },
  invalid_code: { status: 401, errors: 'Invalid Code' },
  forbidden: { status: 403, errors: notAllowed },
  signup_closed: { status: 403, errors: notAllowed },
  proof_required: { status: 403, errors: 'A proof of work is required' },
  last_owner: { status: 403, errors: notAllowed },
  fresh_factor_required: { status: 403, errors: notAllowed },
  cross_site: { status: 403, errors: notAllowed },
  not_found: { status: 404, errors: 'Not found' },
  route_not_found: { status: 404, errors: 'Not found' },
  method_not_allowed: { status: 405, errors: 'Method not allowed' },
  request_timeout: { status: 408, errors: 'The request did not arrive in time' },
  invalid_fields: { status: 422, errors: {} },
  email_taken: { status: 422, errors: { email: ['has already been taken'] } },
  external_id_taken: { status: 422, errors: { external_id: ['has already been taken'] } },
  last_admin: { status: 422, errors: { user: ['is the last admin'] } },
  wrong_state: { status: 422, errors: { user: ['is invalid'] } },
  already_confirmed: { status: 422, errors: { user: ['is already confirmed'] } },
  invalid_token: { status: 422, errors: { token: ['is invalid or has expired'] } },
  idempotency_key_reused: { status: 422, errors: { 'Idempotency-Key': ['has already been taken'] } },
  idempotency_in_progress: { status: 409, errors: 'The first request is still running' },
  change_in_progress: { status: 409, errors: 'Another change of this account is under way' },
  malformed_host: { status: 400, errors: hostText },
  malformed_body: { status: 400, errors: 'The body must be one JSON object' },
  precondition_failed: { status: 412, errors: 'The resource has changed' },
  payload_too_large: { status: 413, errors: 'The body is too large' },
  unsupported_media_type: { status: 415, errors: 'The body must be sent as application/json' },
  rate_limited: { status: 429, errors: 'Too many requests, try again later' },
  damaged: { status: 500, errors: 'A part of the data is damaged: trying again does not help' },
  internal: { status: 500, errors: 'Something went wrong on our side' },
  unavailable: { status: 503, errors: 'Not available at the moment, try again shortly' },
} as const satisfies Record<RefusalCode, Envelope>;

/** The document's answer to a refusal. */
export function presentRefusal(refusal: Refusal, _context: RefusalContext): Answer {
  const { status, errors } = envelopes[refusal.code];
  const headers = refusalHeaders(refusal, null);
  return { status, headers, body: { errors: specificsOf(refusal) ?? errors } };
}

/** The document's own words for nouns. */
const nouns: OwnNouns = { connection: 'device' };

/** The texts that depend on the details of the refusal; null where its code says all. */
function specificsOf(refusal: Refusal): Errors | null {
  if (isRefusal(refusal, 'invalid_fields')) return errorsOf(refusal.details.faults);
  if (isRefusal(refusal, 'not_found')) return `${nounText(refusal.details.noun, nouns)} not found`;
  return mediaText(refusal);
}

/** The document's names of fields, where they differ from the core's. */
const fieldNames = new Map([
  ['firstName', 'first_name'],
  ['lastName', 'last_name'],
  ['dateOfBirth', 'date_of_birth'],
  ['isActive', 'active'],
  ['isClinical', 'clinical'],
  ['isTemplate', 'template'],
  ['isNativeSignup', 'native_signup'],
  ['currentPassword', 'current_password'],
  ['passwordConfirmation', 'password_confirmation'],
  ['number', 'user_id'],
  ['code', 'confirmation_code'],
]);

const texts = {
  blank: () => "can't be blank",
  invalid: () => 'is invalid',
  too_short: ({ min }) => `is too short (minimum is ${min} characters)`,
  // The closed list has a text for passwords only.
  too_long: ({ field, max }) =>
    field === 'password' ? `is too long (maximum is ${max} characters)` : 'is invalid',
  too_common: () => 'is too common',
  same_as_email: () => "can't be the email",
  differs: () => "doesn't match password",
  taken: () => 'has already been taken',
  out_of_range: ({ min, max }) => `must be between ${min} and ${max}`,
  read_only: () => 'is invalid',
  unknown: () => 'is invalid',
  in_future: () => 'is invalid',
  required_for_change: () => "can't be blank",
  unproved: () => 'is not verified',
  unlisted: () => 'is invalid',
} satisfies Record<FieldFaultCode, (fault: FieldFault) => string>;

/** One text for each faulty field, for its first fault. */
function errorsOf(faults: readonly FieldFault[]): Errors {
  const errors: Record<string, readonly string[]> = {};
  for (const fault of faults) {
    errors[fieldNames.get(fault.field) ?? fault.field] ??= [texts[fault.fault](fault)];
  }
  return errors;
}
