/**
 * Looks up, after the answer has gone out, whether those who asked for a reset link have an account, and has the
 * link sent to those who do. A request that keeps failing is given up after an hour: whoever asked has long asked
 * again.
 */
import type { Core } from '../core/core.ts';
import type { PasswordRequest } from '../core/messaging/password-request.ts';
import { hourMs, secondMs } from '../core/time.ts';
import { answerPasswordRequest } from '../core/verification/password-reset.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

const batchMax = 50;
const givenUpAfterMs = hourMs;

export function createAnswerPasswordRequestsJob(core: Core, journal: Journal): Job {
  /** Null, or what went wrong with the request. */
  async function answer(request: PasswordRequest): Promise<{ readonly error: unknown } | null> {
    try {
      await answerPasswordRequest(core, request);
      return null;
    } catch (error) {
      if (core.clock.now() - request.createdAt >= givenUpAfterMs) {
        await core.work.change(request.orgKey, (tx) => tx.passwordRequests.consume(request.id));
      }
      return { error };
    }
  }

  return {
    name: 'answer_password_requests',
    topic: 'password_requests',
    pauseMs: secondMs,
    async run() {
      const requests = await core.work.readSystem('job', (tx) => tx.passwordRequests.list(batchMax));
      const failures = (await Promise.all(requests.map(answer))).filter((result) => result !== null);
      const [first] = failures;
      // Where nothing succeeds the runner tells of it and waits a little longer each time.
      if (first !== undefined && failures.length === requests.length) throw first.error;
      if (first !== undefined) journal.fault('answering a password request failed', first.error);
      return requests.length === batchMax;
    },
  };
}
