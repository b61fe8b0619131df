/** The headers that a refusal brings whatever the envelope around it. */
import { type DomainError, isRefusal } from '../../core/errors.ts';

/** `WWW-Authenticate`, `Retry-After` (seconds) or `Allow`; `challenge` is the contract's authentication scheme. */
export function refusalHeaders(refusal: DomainError, challenge: string | null): Record<string, string> {
  if (refusal.code === 'unauthorized' && challenge !== null) return { 'www-authenticate': challenge };
  if (isRefusal(refusal, 'method_not_allowed')) return { allow: refusal.details.allow.join(', ') };
  return 'retryAfterSeconds' in refusal.details
    ? { 'retry-after': String(refusal.details.retryAfterSeconds) }
    : {};
}
