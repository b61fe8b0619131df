/**
 * The threads that check passwords with hashes that would block the event loop. A thread checks one password at a time.
 * An idle thread is used again; if there is none, another one is started. So there are as many threads as checks at a
 * time, which the caller bounds. An idle thread does not keep the process alive.
 */
import { Worker } from 'node:worker_threads';

export interface CheckRequest {
  readonly password: string;
  readonly text: string;
}

/** Whether the password belongs to the hash. */
export type CheckReply = boolean;

export class CheckThreads {
  readonly #idle: Worker[] = [];

  /** Whether the password belongs to the hash with that text. Rejects where the thread ends by itself. */
  async check(request: CheckRequest): Promise<CheckReply> {
    const worker = this.#idle.pop() ?? startThread();
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<CheckReply>();
    worker.once('message', resolve).once('error', reject).once('exit', rejectEnd);
    function rejectEnd(): void {
      reject(new Error('the thread that checks passwords has ended'));
    }
    worker.postMessage(request);
    try {
      const isRight = await promise;
      worker.off('error', reject).off('exit', rejectEnd);
      worker.unref();
      this.#idle.push(worker);
      return isRight;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }
}

function startThread(): Worker {
  return new Worker(new URL('./check-thread.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 32 },
  });
}
