/**
 * The answer of `organization` to every refusal: a status, and `{error, message}`. An answer names one field fault, the
 * first. The table has every code; the compiler refuses a new code without an answer here. Requests that reach no
 * contract get their answer from here too.
 */
import { type FieldFault, isRefusal } from '../../core/errors.ts';
import { invitedRoles } from '../../core/verification/invitation.ts';
import { hostText, mediaText } from '../../http/answering/http-text.ts';
import { nounText, type OwnNouns } from '../../http/answering/noun-text.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, RefusalContext } from '../../http/contract.ts';
import { isHttpRefusal, type Refusal, type RefusalCode } from '../../http/http-refusals.ts';
import { statusFilters } from './schemas.ts';

/** The answer to a code: `error` is for programs, `message` for people. */
interface Refused {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

/** The operation with its own sentence for 403. */
export const deleteOperation = 'deleteUser';

/** In the order of the statuses. */
const refusedAs = {
  invalid_fields: { status: 400, error: 'validation_error', message: 'A field is invalid' },
  malformed_host: { status: 400, error: 'validation_error', message: hostText },
  malformed_body: {
    status: 400,
    error: 'validation_error',
    message: 'The request body must be a JSON object',
  },
  invalid_token: {
    status: 400,
    error: 'validation_error',
    message: 'The token is invalid or has expired',
  },
  unauthorized: { status: 401, error: 'unauthorized', message: 'A valid bearer token is required' },
  invalid_credentials: { status: 401, error: 'unauthorized', message: 'Email or password is wrong' },
  invalid_code: { status: 401, error: 'unauthorized', message: 'The code is not valid' },
  forbidden: { status: 403, error: 'forbidden', message: 'You do not have permission to do this' },
  proof_required: { status: 403, error: 'forbidden', message: 'A proof of work is required' },
  signup_closed: { status: 403, error: 'forbidden', message: 'This app takes no registrations' },
  last_admin: {
    status: 403,
    error: 'forbidden',
    message: 'The last active admin of an organization cannot be deleted',
  },
  last_owner: {
    status: 403,
    error: 'forbidden',
    message: 'An organization keeps at least one owner of the console',
  },
  fresh_factor_required: { status: 403, error: 'forbidden', message: 'A second factor is required' },
  cross_site: { status: 403, error: 'forbidden', message: 'A page of another site sent the request' },
  not_found: { status: 404, error: 'not_found', message: 'Not found' },
  route_not_found: { status: 404, error: 'not_found', message: 'There is nothing at this address' },
  method_not_allowed: {
    status: 405,
    error: 'method_not_allowed',
    message: 'This address does not take that method',
  },
  request_timeout: { status: 408, error: 'request_timeout', message: 'The request did not arrive in time' },
  email_taken: { status: 409, error: 'conflict', message: 'A user with this email already exists' },
  external_id_taken: {
    status: 409,
    error: 'conflict',
    message: 'A user with this external id already exists',
  },
  wrong_state: { status: 409, error: 'conflict', message: 'The state of the user does not allow this' },
  already_confirmed: { status: 409, error: 'conflict', message: 'The user is already confirmed' },
  idempotency_key_reused: {
    status: 409,
    error: 'conflict',
    message: 'The idempotency key was used with another body',
  },
  idempotency_in_progress: {
    status: 409,
    error: 'conflict',
    message: 'A request with this idempotency key is still running',
  },
  change_in_progress: {
    status: 409,
    error: 'conflict',
    message: 'Another change of this account is under way',
  },
  precondition_failed: { status: 412, error: 'precondition_failed', message: 'The resource has changed' },
  payload_too_large: { status: 413, error: 'payload_too_large', message: 'The request is too large' },
  unsupported_media_type: {
    status: 415,
    error: 'unsupported_media_type',
    message: 'Content-Type must be application/json',
  },
  rate_limited: { status: 429, error: 'rate_limited', message: 'Too many requests, try again later' },
  damaged: {
    status: 500,
    error: 'internal_error',
    message: 'A part of the data is damaged: trying again does not help',
  },
  internal: { status: 500, error: 'internal_error', message: 'Something went wrong on our side' },
  unavailable: { status: 503, error: 'unavailable', message: 'Busy right now, try again later' },
} as const satisfies Record<RefusalCode, Refused>;

/** The document's answer to a refusal. */
export function presentRefusal(refusal: Refusal, context: RefusalContext): Answer {
  const { status, error } = refusedAs[refusal.code];
  const headers = refusalHeaders(refusal, 'Bearer');
  return { status, headers, body: { error, message: messageOf(refusal, context) } };
}

/** The document's own words for nouns. */
const nouns: OwnNouns = { connection: 'device' };

/** The sentence of the operation or of the first field fault, if there is one; otherwise that of the code. */
function messageOf(refusal: Refusal, context: RefusalContext): string {
  if (isRefusal(refusal, 'forbidden') && context.operationId === deleteOperation) {
    return 'You do not have permission to delete this user';
  }
  if (isHttpRefusal(refusal, 'malformed_body') && context.operationId === null) {
    return 'The request could not be understood';
  }
  if (isRefusal(refusal, 'not_found')) return `${nounText(refusal.details.noun, nouns)} not found`;
  const fault = isRefusal(refusal, 'invalid_fields') ? refusal.details.faults[0] : undefined;
  return fault === undefined ? (mediaText(refusal) ?? refusedAs[refusal.code].message) : sentenceOf(fault);
}

/** The sentence for one field fault. Fields of the body begin with a capital; parameters and read-only fields do not. */
function sentenceOf({ field, fault, min, max }: FieldFault): string {
  if (fault === 'read_only') return `${field} cannot be set`;
  if (fault === 'out_of_range') return `${field} must be between ${min} and ${max}`;
  switch (field) {
    case 'email':
      if (fault === 'unproved') return 'Email is not verified';
      return fault === 'blank' ? 'Email is required' : 'Email is invalid';
    case 'name':
      if (fault === 'blank') return 'Name is required';
      return fault === 'too_long' ? `Name must have at most ${max} characters` : 'Name is invalid';
    case 'role':
      return `Role must be ${listOf(invitedRoles)}`;
    case 'status':
      return `status must be ${listOf(statusFilters)}`;
    default:
      return `${field} is invalid`;
  }
}

/** `a, b or c`. */
function listOf(choices: readonly string[]): string {
  return `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}
