/** The header fields that a refusal needs in every envelope. */
import { isRefusal } from '../../core/errors.ts';
import { isHttpRefusal, type Refusal } from '../http-refusals.ts';

/** `WWW-Authenticate`, `Retry-After` (seconds), `X-Challenge`, `Allow` or `Accept-Encoding`; `challenge` is the contract's authentication scheme. */
export function refusalHeaders(refusal: Refusal, challenge: string | null): Record<string, string> {
  if (refusal.code === 'unauthorized' && challenge !== null) return { 'www-authenticate': challenge };
  if (isRefusal(refusal, 'proof_required')) return { 'x-challenge': refusal.details.challenge };
  if (isHttpRefusal(refusal, 'method_not_allowed')) return { allow: refusal.details.allow.join(', ') };
  if (isHttpRefusal(refusal, 'unsupported_media_type') && refusal.details.reason === 'coding') {
    return { 'accept-encoding': 'identity' };
  }
  return 'retryAfterSeconds' in refusal.details
    ? { 'retry-after': String(refusal.details.retryAfterSeconds) }
    : {};
}
