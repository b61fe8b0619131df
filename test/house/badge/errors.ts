/** The envelope of `badge`, `{refused, about}`: a code, and the faulty fields where there are any. */
import { isRefusal } from '../../../src/core/errors.ts';
import { refusalHeaders } from '../../../src/http/answering/refusal-headers.ts';
import type { Answer } from '../../../src/http/contract.ts';
import { nameOfRefusal, type Refusal, type RefusalCode } from '../../../src/http/http-refusals.ts';

const statuses = {
  unauthorized: 401,
  invalid_credentials: 401,
  invalid_code: 401,
  forbidden: 403,
  signup_closed: 403,
  last_owner: 403,
  fresh_factor_required: 403,
  cross_site: 403,
  not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  email_taken: 409,
  external_id_taken: 409,
  last_admin: 409,
  wrong_state: 409,
  already_confirmed: 409,
  idempotency_key_reused: 409,
  idempotency_in_progress: 409,
  change_in_progress: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  malformed_host: 400,
  malformed_body: 400,
  invalid_fields: 422,
  invalid_token: 422,
  proof_required: 403,
  rate_limited: 429,
  damaged: 500,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<RefusalCode, number>;

export function presentRefusal(refusal: Refusal): Answer {
  return {
    status: statuses[refusal.code],
    headers: refusalHeaders(refusal, 'Bearer'),
    body: {
      refused: nameOfRefusal(refusal),
      ...(isRefusal(refusal, 'invalid_fields')
        ? { about: refusal.details.faults.map(({ field }) => field) }
        : {}),
    },
  };
}
