/**
 * The answer of `humanapi` to every refusal: a status, and `{code, error, message, x-humanapi-request-id}`. The table
 * has every code; the compiler refuses a new code without an answer here. An answer never repeats the caller's input.
 */
import { type FieldFault, isRefusal, type Noun } from '../../core/errors.ts';
import { faultText } from '../../http/answering/fault-text.ts';
import { hostText, mediaText } from '../../http/answering/http-text.ts';
import { nounText } from '../../http/answering/noun-text.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer, RefusalContext } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';

interface Envelope {
  readonly code: number;
  /** The name of the status. */
  readonly error: string;
  readonly message: string;
}

const badRequest = { code: 400, error: 'Bad Request' } as const;
const unauthorized = { code: 401, error: 'Unauthorized' } as const;
const forbidden = { code: 403, error: 'Forbidden' } as const;
const notFound = { code: 404, error: 'Not Found' } as const;
const conflict = { code: 409, error: 'Conflict' } as const;

const envelopes = {
  malformed_host: { ...badRequest, message: `${hostText}.` },
  malformed_body: { ...badRequest, message: 'The body must be one JSON object or one form.' },
  invalid_fields: { ...badRequest, message: 'Some fields are invalid.' },
  invalid_code: { ...badRequest, message: 'The code is not valid.' },
  invalid_token: { ...badRequest, message: 'The token is not valid.' },
  idempotency_key_reused: {
    ...badRequest,
    message: 'This Idempotency-Key came with another body before.',
  },
  unauthorized: {
    ...unauthorized,
    message: 'A valid App Key is required: as the user name of Basic authentication, with a blank password.',
  },
  invalid_credentials: { ...unauthorized, message: 'These credentials are not valid.' },
  forbidden: {
    ...forbidden,
    message: 'An App Key cannot delete an administrator or an approved clinical user.',
  },
  proof_required: { ...forbidden, message: 'A proof of work is required.' },
  signup_closed: { ...forbidden, message: 'This app takes no sign-ups.' },
  last_owner: { ...forbidden, message: 'An organization keeps at least one owner of the console.' },
  fresh_factor_required: { ...forbidden, message: 'A second factor is required.' },
  cross_site: { ...forbidden, message: 'A page of another site sent the request.' },
  not_found: { ...notFound, message: 'Not found.' },
  route_not_found: { ...notFound, message: 'There is nothing at this path.' },
  method_not_allowed: {
    code: 405,
    error: 'Method Not Allowed',
    message: 'This path does not know the method.',
  },
  request_timeout: {
    code: 408,
    error: 'Request Timeout',
    message: 'The request did not arrive in time.',
  },
  email_taken: { ...conflict, message: 'Another user has this email.' },
  external_id_taken: { ...conflict, message: 'Another user has this externalId.' },
  last_admin: { ...conflict, message: "This user is the organization's last active administrator." },
  wrong_state: { ...conflict, message: 'The state of the user does not allow this.' },
  already_confirmed: { ...conflict, message: 'The user is already confirmed.' },
  idempotency_in_progress: {
    ...conflict,
    message: 'The first request with this Idempotency-Key is still running.',
  },
  change_in_progress: { ...conflict, message: 'Another change of this account is under way.' },
  precondition_failed: {
    code: 412,
    error: 'Precondition Failed',
    message: 'The resource has changed.',
  },
  payload_too_large: { code: 413, error: 'Payload Too Large', message: 'The body is too large.' },
  unsupported_media_type: {
    code: 415,
    error: 'Unsupported Media Type',
    message: 'The body must be sent as application/json or application/x-www-form-urlencoded.',
  },
  rate_limited: {
    code: 429,
    error: 'Too Many Requests',
    message: 'Too many requests: try again later.',
  },
  damaged: {
    code: 500,
    error: 'Internal Server Error',
    message: 'A part of the data is damaged: trying again does not help.',
  },
  internal: {
    code: 500,
    error: 'Internal Server Error',
    message: 'Something went wrong on our side.',
  },
  unavailable: {
    code: 503,
    error: 'Service Unavailable',
    message: 'The service is not available at the moment: try again shortly.',
  },
} satisfies Record<RefusalCode, Envelope>;

/** The second generation of Connect spells its fields with underscores. */
const underscored: ReadonlyMap<string | null, Readonly<Record<string, string>>> = new Map([
  [
    'createConnectToken',
    {
      clientId: 'client_id',
      clientSecret: 'client_secret',
      clientUserId: 'client_user_id',
      clientUserEmail: 'client_user_email',
      refreshToken: 'refresh_token',
    },
  ],
]);

const challenge = 'Basic realm="App Key", charset="UTF-8"';

/** A challenge that no browser answers with a dialog of its own: the script reads the refusal and shows it. */
const scriptChallenge = 'AppKey realm="App Key"';

export function presentRefusal(
  refusal: Refusal,
  { requestId, operationId, isScripted }: RefusalContext,
): Answer {
  const { code, error, message } = envelopes[refusal.code];
  return {
    status: code,
    // Every 401 needs a challenge (RFC 9110, section 15.5.2), also where the credential was in the body.
    headers: {
      ...(code === 401 ? { 'www-authenticate': isScripted ? scriptChallenge : challenge } : {}),
      ...refusalHeaders(refusal, null),
    },
    body: {
      code,
      error,
      message: specificsOf(refusal, operationId) ?? message,
      'x-humanapi-request-id': requestId,
    },
  };
}

/** The nouns whose absence has a sentence of its own. */
const missing: Readonly<Partial<Record<Noun, string>>> = { connection: 'No source is connected.' };

/** The message that depends on the details of the refusal; null where its code says all. */
function specificsOf(refusal: Refusal, operationId: string | null): string | null {
  if (isRefusal(refusal, 'invalid_fields')) {
    return sentenceOf(refusal.details.faults, underscored.get(operationId));
  }
  const media = mediaText(refusal);
  if (media !== null) return `${media}.`;
  if (!isRefusal(refusal, 'not_found')) return null;
  const { noun } = refusal.details;
  return missing[noun] ?? `${nounText(noun)} not found.`;
}

function sentenceOf(faults: readonly FieldFault[], spellings: Readonly<Record<string, string>> = {}): string {
  return `${faults.map((fault) => `${spellings[fault.field] ?? fault.field} ${textOf(fault)}`).join('; ')}.`;
}

/** In these documents, `blank` always means a missing required field. */
function textOf(fault: FieldFault): string {
  return fault.fault === 'blank' ? 'is required' : faultText(fault);
}
