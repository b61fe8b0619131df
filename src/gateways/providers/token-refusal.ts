/** What an answer of a token endpoint without tokens proves. */
import type { TokenAnswer } from '../../core/providers/provider.ts';
import type { AnswerForms } from '../../core/providers/provider-description.ts';
import type { Members } from './answer-body.ts';
import { reasonOf, retryAfterOf } from './provider-http.ts';
import { hasForm, meaningOf } from './refusal-codes.ts';

/**
 * The forms of the provider's description count with every status. Otherwise each 4xx proves that nothing was given, and
 * so does a 2xx with an error in it.
 */
export function refusalOf(response: Response, body: Members, answers?: AnswerForms): TokenAnswer {
  const retryAfter = retryAfterOf(response);
  if (hasForm(answers?.gone, body)) return { kind: 'gone' };
  const meaning = meaningOf(body);
  const reason = meaning?.code ?? reasonOf(response);
  if (hasForm(answers?.notGiven, body)) return { kind: 'not_given', reason, ...retryAfter };
  if (busyStatuses.has(response.status)) {
    return { kind: 'not_given', reason: reasonOf(response), isBusy: true, ...retryAfter };
  }
  const isRefusal = response.status >= 400 && response.status < 500;
  if (!isRefusal && !(response.ok && meaning !== null)) {
    const unreadable = response.status < 400 ? { isUnreadable: true as const } : {};
    const outcome = response.ok ? 'malformed' : reasonOf(response);
    return { kind: 'unknown', reason: outcome, ...unreadable, ...retryAfter };
  }
  switch (meaning?.kind) {
    case 'unknown_grant':
      return { kind: 'gone' };
    case 'wrong_client':
      return { kind: 'not_given', reason, ...retryAfter };
    case 'busy':
      return { kind: 'not_given', reason, isBusy: true, ...retryAfter };
    default:
      return { kind: 'refused', reason, ...retryAfter };
  }
}

/** Request Timeout, Too Early and Too Many Requests: the service did not work on the request. */
const busyStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
