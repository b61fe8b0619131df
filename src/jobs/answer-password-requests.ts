/**
 * Looks up, after the answer to the caller, whether an account belongs to a requested reset link, and queues the email.
 * A request that still fails after an hour is deleted: the person has probably asked again.
 */
import type { Core } from '../core/core.ts';
import type { PasswordRequest } from '../core/messaging/password-request.ts';
import { hourMs, secondMs } from '../core/time.ts';
import { answerPasswordRequest } from '../core/verification/password-reset.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

const batchMax = 50;
const deletedAfterMs = hourMs;

export function createAnswerPasswordRequestsJob(core: Core, journal: Journal): Job {
  /** Null, or the error of this request. */
  async function answer(request: PasswordRequest): Promise<{ readonly error: unknown } | null> {
    try {
      await answerPasswordRequest(core, request);
      return null;
    } catch (error) {
      if (core.clock.now() - request.createdAt >= deletedAfterMs) {
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
      // Where every request fails, the runner reports the fault and doubles its pause.
      if (first !== undefined && failures.length === requests.length) throw first.error;
      if (first !== undefined) journal.fault('answering a password request failed', first.error);
      return requests.length === batchMax;
    },
  };
}
