/** What a page says of a request that was not processed, by what a person can do about it. */
import type { Refusal, RefusalCode } from '../http/http-refusals.ts';
import type { RequestProblem } from './link-texts.ts';

interface ProblemAnswer {
  readonly status: number;
  readonly problem: RequestProblem;
}

const requestProblems: Partial<Record<RefusalCode, ProblemAnswer>> = {
  rate_limited: { status: 429, problem: 'too_many' },
  change_in_progress: { status: 409, problem: 'busy' },
  unavailable: { status: 503, problem: 'busy' },
  malformed_host: { status: 400, problem: 'not_understood' },
  malformed_body: { status: 400, problem: 'not_understood' },
  unsupported_media_type: { status: 415, problem: 'not_understood' },
  payload_too_large: { status: 413, problem: 'not_understood' },
  request_timeout: { status: 408, problem: 'not_understood' },
  method_not_allowed: { status: 405, problem: 'not_understood' },
};

export function requestProblemOf({ code }: Refusal): ProblemAnswer {
  return requestProblems[code] ?? { status: 500, problem: 'fault' };
}
