/**
 * The answer of `sonar` to every refusal: a status, and `{error, message, details}`. The table has every code; the
 * compiler refuses a new code without an answer here. An answer repeats the caller's input only after `toSafeText`.
 */
import { type FieldFault, isRefusal, type RefusalDetails } from '../../core/errors.ts';
import { toUserIdText } from '../../core/ids.ts';
import { faultText } from '../../http/answering/fault-text.ts';
import { hostText, mediaText } from '../../http/answering/http-text.ts';
import { nounText, type OwnNouns } from '../../http/answering/noun-text.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, RefusalContext } from '../../http/contract.ts';
import { isHttpRefusal, type Refusal, type RefusalCode } from '../../http/http-refusals.ts';

interface Envelope {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

/** The value of `error` in answers with 409, whose details are not texts by field. */
export const conflictError = 'conflict';

const notFound = { status: 404, error: 'not_found' } as const;
const conflict = { status: 409, error: conflictError } as const;
const invalid = { status: 422, error: 'validation_error' } as const;

const envelopes = {
  unauthorized: {
    status: 401,
    error: 'unauthorized',
    message: 'A valid API key is required: "Authorization: Bearer roster_...".',
  },
  invalid_credentials: { status: 401, error: 'unauthorized', message: 'These credentials are not valid.' },
  forbidden: { status: 403, error: 'forbidden', message: 'The role of this API key does not allow this.' },
  proof_required: { status: 403, error: 'forbidden', message: 'A proof of work is required.' },
  signup_closed: { status: 403, error: 'forbidden', message: 'This app takes no sign-ups.' },
  last_owner: {
    status: 403,
    error: 'forbidden',
    message: 'An account keeps at least one owner of the console.',
  },
  fresh_factor_required: { status: 403, error: 'forbidden', message: 'A second factor is required.' },
  cross_site: { status: 403, error: 'forbidden', message: 'A page of another site sent the request.' },
  not_found: { ...notFound, message: 'Not found.' },
  route_not_found: { ...notFound, message: 'There is nothing at this path.' },
  method_not_allowed: {
    status: 405,
    error: 'method_not_allowed',
    message: 'This path does not know the method.',
  },
  request_timeout: { status: 408, error: 'request_timeout', message: 'The request did not arrive in time.' },
  external_id_taken: { ...conflict, message: 'Another user has this reference_id.' },
  email_taken: { ...conflict, message: 'Another user has this email.' },
  last_admin: { ...conflict, message: "This user is the account's last active admin." },
  wrong_state: { ...conflict, message: 'The state of the user does not allow this.' },
  already_confirmed: { ...conflict, message: 'The user is already confirmed.' },
  idempotency_in_progress: {
    ...conflict,
    message: 'The first request with this Idempotency-Key is still running.',
  },
  change_in_progress: { ...conflict, message: 'Another change of this account is under way.' },
  precondition_failed: { status: 412, error: 'precondition_failed', message: 'The resource has changed.' },
  payload_too_large: { status: 413, error: 'payload_too_large', message: 'The body is too large.' },
  unsupported_media_type: {
    status: 415,
    error: 'unsupported_media_type',
    message: 'The body must be sent as application/json.',
  },
  malformed_host: { status: 400, error: 'bad_request', message: `${hostText}.` },
  malformed_body: { status: 400, error: 'bad_request', message: 'The body must be one JSON object.' },
  invalid_fields: { ...invalid, message: 'Some fields are invalid.' },
  invalid_code: { ...invalid, message: 'The code is not valid.' },
  invalid_token: { ...invalid, message: 'The token is not valid.' },
  idempotency_key_reused: { ...invalid, message: 'This Idempotency-Key came with another body before.' },
  rate_limited: { status: 429, error: 'rate_limited', message: 'Too many requests: try again later.' },
  unavailable: {
    status: 503,
    error: 'unavailable',
    message: 'The service is not available at the moment: try again shortly.',
  },
  damaged: {
    status: 500,
    error: 'internal_error',
    message: 'A part of the data is damaged: trying again does not help.',
  },
  internal: { status: 500, error: 'internal_error', message: 'Something went wrong on our side.' },
} satisfies Record<RefusalCode, Envelope>;

/** The other values of `error`. A typed client tells the two shapes of details apart by them. */
export const refusalErrors = [...new Set(Object.values(envelopes).map(({ error }) => error))].filter(
  (error) => error !== conflictError,
);

export function presentRefusal(refusal: Refusal, context: RefusalContext): Answer {
  const { status, error, message } = envelopes[refusal.code];
  return {
    status,
    headers: refusalHeaders(refusal, 'Bearer'),
    body: { error, message, details: {}, ...specificsOf(refusal, context) },
  };
}

/** The document's own words for nouns; the parameters of its paths are named after them. */
const nouns: OwnNouns = { organization: 'account', connection: 'device' };

/** The parts of an answer that depend on the details of the refusal: message, details or both. */
function specificsOf(refusal: Refusal, { params }: RefusalContext): { message?: string; details?: object } {
  if (isRefusal(refusal, 'not_found')) {
    const { noun, id = params[`${nouns[noun] ?? noun}_id`] } = refusal.details;
    const text = nounText(noun, nouns);
    return { message: id === undefined ? `${text} not found.` : `${text} '${toSafeText(id)}' not found.` };
  }
  if (isRefusal(refusal, 'invalid_fields')) return faultsOf(refusal.details);
  if (isRefusal(refusal, 'external_id_taken')) {
    const { externalId, userId } = refusal.details;
    return { details: { reference_id: externalId, user_id: toUserIdText(userId) } };
  }
  if (isHttpRefusal(refusal, 'payload_too_large')) {
    return { message: `The body must have at most ${refusal.details.limitBytes} bytes.` };
  }
  if (isRefusal(refusal, 'idempotency_key_reused')) {
    return { details: { 'Idempotency-Key': ['came with another body before'] } };
  }
  const media = mediaText(refusal);
  return media === null ? {} : { message: `${media}.` };
}

/** The document's names of fields, where they differ from the core's. */
const fieldNames = new Map([
  ['externalId', 'reference_id'],
  ['appId', 'app_id'],
  ['deviceId', 'device_id'],
]);

const timeText = 'must be an RFC 3339 time, such as 2025-01-20T08:30:00Z';
const invalidTexts = new Map([
  ['timezone', 'must be a name of the IANA time zone database, such as Europe/London'],
  ['app_id', "must be one of the account's apps"],
  ['device_id', "must be one of the user's devices"],
  ['reference_id', 'must be one text without NUL or broken characters'],
  ['user', 'must be an id of a user, such as usr_abc123'],
  ['actor', 'must be one text'],
  ['action', 'must be an action of an audit event, such as user.updated'],
  ['since', timeText],
  ['until', timeText],
  ['at', timeText],
]);

function faultsOf({ faults }: RefusalDetails['invalid_fields']) {
  const details: Record<string, string[]> = {};
  const sentences: string[] = [];
  for (const fault of faults) {
    const field = fieldNames.get(fault.field) ?? fault.field;
    const text = fieldText(field, fault);
    details[field] = [...(details[field] ?? []), text];
    sentences.push(`${field} ${text}`);
  }
  return { message: `${sentences.join('; ')}.`, details };
}

function fieldText(field: string, fault: FieldFault): string {
  return (fault.fault === 'invalid' ? invalidTexts.get(field) : undefined) ?? faultText(fault);
}

const shownCharactersMax = 64;

/** A caller's text, made safe for a message: short, on one line, without invisible or broken characters. */
export function toSafeText(text: string): string {
  const visible = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
  const characters = [...visible.slice(0, shownCharactersMax * 2 + 2)];
  return characters.length <= shownCharactersMax
    ? visible
    : `${characters.slice(0, shownCharactersMax).join('')}…`;
}
