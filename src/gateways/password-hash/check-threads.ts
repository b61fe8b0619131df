/**
 * The threads that check passwords with hashes that would block the event loop. A thread checks one password at a time.
 * An idle thread is used again, and ends after a minute; if there is none, another one is started. So there are never
 * more threads than checks at a time, which the caller bounds. An idle thread does not keep the process alive.
 */
import { Worker } from 'node:worker_threads';

export interface CheckRequest {
  readonly password: string;
  readonly text: string;
}

/** Whether the password belongs to the hash. */
export type CheckReply = boolean;

const idleMsMax = 60_000;

export class CheckThreads {
  readonly #idleMsMax: number;
  /** The idle threads, the one that was used last at the end, each with the timer that ends it. */
  readonly #idle = new Map<Worker, NodeJS.Timeout>();

  constructor(options: { readonly idleMsMax: number } = { idleMsMax }) {
    this.#idleMsMax = options.idleMsMax;
  }

  /** How many threads wait for a check. */
  get idle(): number {
    return this.#idle.size;
  }

  /** Whether the password belongs to the hash with that text. Rejects where the thread ends by itself. */
  async check(request: CheckRequest): Promise<CheckReply> {
    const worker = this.#takeIdle() ?? this.#start();
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<CheckReply>();
    const rejectEnd = (): void => reject(new Error('the thread that checks passwords has ended'));
    worker.once('message', resolve).once('error', reject).once('exit', rejectEnd);
    worker.postMessage(request);
    try {
      const isRight = await promise;
      worker.off('error', reject).off('exit', rejectEnd);
      this.#keep(worker);
      return isRight;
    } catch (error) {
      await worker.terminate();
      throw error;
    }
  }

  #takeIdle(): Worker | undefined {
    const [worker, timer] = [...this.#idle].at(-1) ?? [];
    if (worker === undefined) return undefined;
    clearTimeout(timer);
    this.#idle.delete(worker);
    return worker;
  }

  #keep(worker: Worker): void {
    worker.unref();
    const end = (): void => {
      this.#idle.delete(worker);
      void worker.terminate();
    };
    this.#idle.set(worker, setTimeout(end, this.#idleMsMax).unref());
  }

  #start(): Worker {
    const worker = new Worker(new URL('./check-thread.ts', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 32 },
    });
    // A fault of an idle thread has no other listener.
    worker.on('error', () => {});
    worker.on('exit', () => {
      clearTimeout(this.#idle.get(worker));
      this.#idle.delete(worker);
    });
    return worker;
  }
}
