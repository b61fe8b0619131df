/** The answer of the web pages of a flow to a request that was not processed, by what a person can do about it. */
import type { Answer } from '../../http/contract.ts';
import type { Refusal } from '../../http/http-refusals.ts';
import type { PageTexts } from '../local-texts.ts';
import { renderInEveryLanguage } from '../notice.ts';
import { requestProblemOf } from '../request-problem.ts';
import type { ConnectionCallbackTexts } from './callback-texts.ts';

export function presentFlowRefusal(texts: PageTexts<ConnectionCallbackTexts>): (refusal: Refusal) => Answer {
  return (refusal) => {
    const { status, problem } = requestProblemOf(refusal);
    // To a person in a flow, too many requests are a busy server.
    const told = problem === 'too_many' ? 'busy' : problem;
    return renderInEveryLanguage(status, texts, (each) => each.problems[told]);
  };
}
