/** The lighthouse's envelope, `{problem: {code, operation, request}}`, with a status for every refusal. */
import type { Answer, RefusalContext } from '../../../src/http/contract.ts';
import { nameOfRefusal, type Refusal, type RefusalCode } from '../../../src/http/http-refusals.ts';

const statuses = {
  unauthorized: 401,
  forbidden: 403,
  invalid_credentials: 401,
  signup_closed: 403,
  not_found: 404,
  invalid_fields: 422,
  email_taken: 409,
  external_id_taken: 409,
  last_admin: 409,
  last_owner: 403,
  fresh_factor_required: 403,
  cross_site: 403,
  wrong_state: 409,
  invalid_code: 401,
  already_confirmed: 422,
  invalid_token: 422,
  proof_required: 403,
  rate_limited: 429,
  idempotency_key_reused: 422,
  idempotency_in_progress: 409,
  change_in_progress: 409,
  route_not_found: 404,
  method_not_allowed: 405,
  malformed_host: 400,
  malformed_body: 400,
  unsupported_media_type: 415,
  precondition_failed: 412,
  payload_too_large: 413,
  request_timeout: 408,
  unavailable: 503,
  damaged: 500,
  internal: 500,
} as const satisfies Record<RefusalCode, number>;

export function present(refusal: Refusal, context: RefusalContext): Answer {
  const { requestId, operationId } = context;
  const body = { problem: { code: nameOfRefusal(refusal), operation: operationId, request: requestId } };
  const headers = refusal.code === 'unauthorized' ? { 'WWW-Authenticate': 'Lamp' } : {};
  return { status: statuses[refusal.code], headers, body };
}
