/**
 * Looks up, after the answer to the caller, whether an account belongs to a requested reset link, and queues the email.
 * A request that still fails after an hour is deleted: the person has probably asked again.
 *
 * Where the deployment tells no accounts, the job waits for a random time first: a mail that is really sent takes some work of
 * this process, and no other request can then be timed to meet it.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Core } from '../core/core.ts';
import type { PasswordRequest } from '../core/messaging/password-request.ts';
import { hourMs, secondMs } from '../core/time.ts';
import { answerPasswordRequest } from '../core/verification/password-reset.ts';
import type { Journal } from './journal.ts';
import type { Job } from './runner.ts';

const batchMax = 50;
const deletedAfterMs = hourMs;

export function createAnswerPasswordRequestsJob(
  core: Core,
  journal: Journal,
  { waitMsMax } = { waitMsMax: 2 * secondMs },
): Job {
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
      if (requests.length > 0 && !core.policy.tellsAccounts) await sleep(randomInt(waitMsMax + 1));
      const failures = (await Promise.all(requests.map(answer))).filter((result) => result !== null);
      const [first] = failures;
      // Where every request fails, the runner reports the fault and doubles its pause.
      if (first !== undefined && failures.length === requests.length) throw first.error;
      if (first !== undefined) journal.fault('answering a password request failed', first.error);
      return requests.length === batchMax;
    },
  };
}
