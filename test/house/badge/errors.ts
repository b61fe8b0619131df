/** The fifth contract's envelope, `{refused: code}`, with a status for every code. */
import type { DomainError, ErrorCode } from '../../../src/core/errors.ts';
import { refusalHeaders } from '../../../src/http/answering/refusal-headers.ts';
import type { Answer } from '../../../src/http/contract.ts';

const statuses = {
  unauthorized: 401,
  invalid_credentials: 401,
  invalid_code: 401,
  forbidden: 403,
  signup_closed: 403,
  user_not_found: 404,
  app_not_found: 404,
  organization_not_found: 404,
  api_key_not_found: 404,
  connection_not_found: 404,
  erasure_not_found: 404,
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
  payload_too_large: 413,
  unsupported_media_type: 415,
  malformed_body: 400,
  invalid_fields: 418,
  invalid_token: 418,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

export function presentRefusal(refusal: DomainError): Answer {
  const { code } = refusal;
  return { status: statuses[code], headers: refusalHeaders(refusal, 'Bearer'), body: { refused: code } };
}
