/**
 * The answer of `console` to every refusal: a status, and `{error: {code, message, fields}}`. The table has every code; the
 * compiler refuses a new code without an answer here. A sentence says what happened, then what to do.
 */
import { type FieldFault, isRefusal } from '../../core/errors.ts';
import { faultText } from '../../http/answering/fault-text.ts';
import { hostText, mediaText } from '../../http/answering/http-text.ts';
import { nounText } from '../../http/answering/noun-text.ts';
import { refusalHeaders } from '../../http/answering/refusal-headers.ts';
import type { Answer } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';
import type { FieldRefusal, RefusalBody } from './shapes/refusal.ts';

const refusedAs = {
  malformed_host: [400, `${hostText}.`],
  malformed_body: [400, 'The body must be one JSON object.'],
  unauthorized: [401, 'The session has ended: sign in again.'],
  invalid_credentials: [401, 'Email or password is wrong: try again.'],
  invalid_code: [401, 'The code is wrong or was used before: take the next one.'],
  forbidden: [403, 'Your role does not allow this: ask an owner of the console.'],
  fresh_factor_required: [403, 'This needs your second factor again: confirm it and repeat.'],
  cross_site: [403, 'The call came from a page of another site: open the console again.'],
  proof_required: [403, 'A proof of work is required.'],
  signup_closed: [403, 'This app takes no sign-ups.'],
  not_found: [404, 'This does not exist.'],
  route_not_found: [404, 'There is nothing at this address.'],
  method_not_allowed: [405, 'This address does not take that method.'],
  request_timeout: [408, 'The request did not arrive in time: send it again.'],
  email_taken: [409, 'The email has already been taken: use another one.'],
  external_id_taken: [409, 'The external id has already been taken: use another one.'],
  last_admin: [409, 'This is the last active admin: make another one first.'],
  last_owner: [409, 'This is the last owner of the console: make another one first.'],
  wrong_state: [409, 'The state does not allow this: load it again.'],
  already_confirmed: [409, 'The user is already confirmed.'],
  idempotency_key_reused: [409, 'The idempotency key came with another body before.'],
  idempotency_in_progress: [409, 'The first request is still running: wait for it.'],
  change_in_progress: [409, 'Another change of this account is under way: try again shortly.'],
  precondition_failed: [412, 'It has changed meanwhile: load it again.'],
  payload_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'The body must be sent as application/json.'],
  invalid_fields: [422, 'Some fields are invalid: correct them.'],
  invalid_token: [422, 'The link is unknown, used or expired: ask for another one.'],
  rate_limited: [429, 'Too many tries: wait a moment and try again.'],
  damaged: [500, 'A part of the data is damaged: an operator must restore it.'],
  internal: [500, 'Something went wrong on our side: try again later.'],
  unavailable: [503, 'Busy right now: try again shortly.'],
} as const satisfies Record<RefusalCode, readonly [status: number, message: string]>;

/** The answer to a refusal. */
export function presentRefusal(refusal: Refusal): Answer {
  const [status, text] = refusedAs[refusal.code];
  const message = isRefusal(refusal, 'not_found')
    ? `${nounText(refusal.details.noun)} not found.`
    : (mediaText(refusal) ?? text);
  const body: RefusalBody = { error: { code: refusal.code, message, ...detailsOf(refusal) } };
  return { status, headers: refusalHeaders(refusal, null), body };
}

function detailsOf(refusal: Refusal): Partial<RefusalBody['error']> {
  if (isRefusal(refusal, 'invalid_fields')) {
    const fields = new Map<string, FieldRefusal>();
    for (const fault of refusal.details.faults) {
      const { min, max } = fault;
      if (fields.has(fault.field)) continue;
      fields.set(fault.field, {
        fault: fault.fault,
        message: `${fault.field} ${isTooMany(fault) ? tooManyText(fault) : faultText(fault)}`,
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
      });
    }
    return { fields: Object.fromEntries(fields) };
  }
  if (!('retryAfterSeconds' in refusal.details)) return {};
  return { retryAfterSeconds: refusal.details.retryAfterSeconds };
}

/** Whether a bulk act was to be planned for more people than it takes. */
function isTooMany({ field, fault }: FieldFault): boolean {
  return field === 'selection' && fault === 'out_of_range';
}

const tooManyText = ({ max }: FieldFault): string =>
  `has too many people: an act takes at most ${max}, narrow the query or name fewer ids`;
