/**
 * Bounds how many password checks of one account run at the same time, so that parallel guesses cannot exceed the number of
 * free attempts: running checks and counted wrong passwords together are never more than that number. Further callers
 * wait in order of arrival. The same check for several callers at the same time is made once.
 */
import { DomainError } from '../errors.ts';
import { RecentEnds } from './arrival.ts';

export class SignInGate {
  /** The checks that were right, for requests that arrived before. */
  readonly right = new RecentEnds();
  /** The subjects whose checks have ended. */
  readonly #ended = new RecentEnds();
  readonly #queues = new Map<string, SubjectQueue>();
  readonly #shared = new Map<string, Promise<unknown>>();

  /**
   * Runs `check` once fewer checks of the subject run than `findLimit` allows (at least one). `findLimit` is called when
   * it is the caller's turn, and again after each check that ends while the caller waits. Where it throws, `pass` throws the same.
   */
  async pass<T>(subject: string, findLimit: () => Promise<number>, check: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(subject) ?? new SubjectQueue();
    this.#queues.set(subject, queue);
    queue.callers += 1;
    try {
      await queue.enter(findLimit);
      try {
        return await check();
      } finally {
        this.#ended.note(subject);
        queue.leave();
      }
    } finally {
      queue.callers -= 1;
      if (queue.callers === 0) this.#queues.delete(subject);
    }
  }

  /**
   * Whether a check of the subject has ended since that instant of `performance.now`. If none has, what was read then counts every
   * check that does not run now.
   */
  hasEndedSince(subject: string, readAt: number): boolean {
    return this.#ended.has(subject, { arrivedAt: readAt });
  }

  /**
   * The result of `check`, or of the same check that another caller runs now. `key` names all that the result depends on. Where the
   * other caller leaves before its check, this one makes its own.
   */
  async share<T>(key: string, check: () => Promise<T>): Promise<T> {
    const running = this.#shared.get(key) as Promise<T> | undefined;
    if (running !== undefined) {
      try {
        return await running;
      } catch (error) {
        if (error instanceof DomainError) throw error;
        return this.share(key, check);
      }
    }
    const own = check();
    this.#shared.set(key, own);
    try {
      return await own;
    } finally {
      this.#shared.delete(key);
    }
  }
}

/** The running checks of one subject, and the callers that wait. */
class SubjectQueue {
  /** Waiting and running callers; without any, the queue is dropped. */
  callers = 0;
  #running = 0;
  /** Resolves when the last waiting caller has begun its check or was refused. */
  #last: Promise<void> = Promise.resolve();
  #ended = Promise.withResolvers<void>();

  async enter(findLimit: () => Promise<number>): Promise<void> {
    const ahead = this.#last;
    const turn = Promise.withResolvers<void>();
    this.#last = turn.promise;
    await ahead;
    try {
      for (;;) {
        // Read before the limit: a check that ends in between is then counted twice, and never missed.
        const running = this.#running;
        const ended = this.#ended.promise;
        if (running < Math.max(1, await findLimit())) break;
        await ended;
      }
      this.#running += 1;
    } finally {
      turn.resolve();
    }
  }

  leave(): void {
    this.#running -= 1;
    this.#ended.resolve();
    this.#ended = Promise.withResolvers<void>();
  }
}
