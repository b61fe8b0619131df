/** The answer of the web pages of a flow to a request that was not processed, by what a person can do about it. */
import type { Answer } from '../../http/contract.ts';
import type { Refusal, RefusalCode } from '../../http/http-refusals.ts';
import type { PageTexts } from '../local-texts.ts';
import { renderInEveryLanguage } from '../notice.ts';
import type { ConnectionCallbackTexts } from './callback-texts.ts';

const problems: Partial<
  Record<
    RefusalCode,
    { readonly status: number; readonly problem: keyof ConnectionCallbackTexts['problems'] }
  >
> = {
  unavailable: { status: 503, problem: 'busy' },
  rate_limited: { status: 429, problem: 'busy' },
  malformed_host: { status: 400, problem: 'not_understood' },
  malformed_body: { status: 400, problem: 'not_understood' },
  unsupported_media_type: { status: 415, problem: 'not_understood' },
  payload_too_large: { status: 413, problem: 'not_understood' },
  request_timeout: { status: 408, problem: 'not_understood' },
  method_not_allowed: { status: 405, problem: 'not_understood' },
};

export function presentFlowRefusal(texts: PageTexts<ConnectionCallbackTexts>): (refusal: Refusal) => Answer {
  return (refusal) => {
    const { status, problem } = problems[refusal.code] ?? { status: 500, problem: 'fault' };
    return renderInEveryLanguage(status, texts, (each) => each.problems[problem]);
  };
}
