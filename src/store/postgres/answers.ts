/**
 * What a connection is asked and how long it may take to answer. The server has limits of its own; ours is for one that
 * does not answer at all: then the connection is cut, and whoever waits on it is refused.
 *
 * Answers come in the order of the questions, so one timer that looks at the oldest serves all. The client library would
 * set one for each question, and make promises too; both hold an answer until all memory is looked through, which is
 * late enough for a long list to pile up by the hundred megabytes.
 */
import type { Client, QueryConfig, QueryResult } from 'pg';
import { asDatabaseError } from './errors.ts';

export interface Question extends QueryConfig<unknown[]> {
  readonly rowMode?: 'array';
}

interface Awaited {
  /** On the clock of `performance`. */
  readonly since: number;
  reject(error: unknown): void;
}

export class AwaitedAnswers {
  readonly #client: Client;
  readonly #limitMs: number;
  readonly #awaited: Awaited[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(client: Client, limitMs: number) {
    this.#client = client;
    this.#limitMs = limitMs;
  }

  /** Sends a question behind those that are not answered yet. Throws what the server says, or a `ConnectionLostError`. */
  ask(question: Question): Promise<QueryResult> {
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult>();
    const awaited = { since: performance.now(), reject };
    this.#awaited.push(awaited);
    if (this.#timer === null) this.#lookIn(this.#limitMs);
    this.#client.query(question, (error: Error | null, result: QueryResult) => {
      this.#awaited.splice(this.#awaited.indexOf(awaited), 1);
      if (error === null) resolve(result);
      else reject(asDatabaseError(error));
    });
    return promise;
  }

  /** The timer keeps no process from ending: the connection does, while an answer is waited for. */
  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms).unref();
  }

  #look(): void {
    this.#timer = null;
    const [oldest] = this.#awaited;
    if (oldest === undefined) return;
    const leftMs = oldest.since + this.#limitMs - performance.now();
    if (leftMs > 0) {
      this.#lookIn(leftMs);
    } else {
      oldest.reject(asDatabaseError(new Error('no answer came in time')));
      this.#client.connection.stream.destroy();
    }
  }
}
