/** Exchanges a code for tokens while the person waits. */
import { promisify } from 'node:util';
import type { CodeGrant } from './grant.ts';
import type { Provider, TokenAnswer } from './provider.ts';

export interface ExchangeResult {
  readonly answer: TokenAnswer;
  /** False where the provider may have given tokens whose answer was lost. */
  readonly isCertain: boolean;
}

const pause = promisify(setTimeout);

/** How long to wait before the second and the third call, in milliseconds. */
const pausesMs = [500, 1_000];
/** A provider that asks for a longer wait is not asked again while the person waits. */
const waitMaxMs = 2_000;

/**
 * Sends the code, and again where the answer was lost or the provider is busy. At most three calls, so that all of them
 * end within `exchangeLeaseMs`.
 */
export async function exchangeCode(provider: Provider, grant: CodeGrant): Promise<ExchangeResult> {
  let isCertain = true;
  let answer = await provider.exchange(grant);
  for (const pauseMs of pausesMs) {
    if (answer.kind === 'unknown') {
      // A second lost answer is left to the revocation.
      if (!isCertain) break;
      isCertain = false;
    } else if (answer.kind === 'not_given' && answer.isBusy === true) {
      const waitMs = answer.retryAfterMs ?? pauseMs;
      if (waitMs > waitMaxMs) break;
      await pause(waitMs);
    } else break;
    answer = await provider.exchange(grant);
  }
  return { answer, isCertain };
}
