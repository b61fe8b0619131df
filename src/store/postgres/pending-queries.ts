/**
 * The queries that a connection has sent and the server has not answered yet. The server has time limits of its own;
 * the limit here is for a server that does not answer at all. When it is over, the connection is cut, and the callers
 * that wait for it are refused.
 *
 * Answers come in the order of the queries, so one timer, which checks the oldest query, serves all. The client library
 * would set one timer for each query, and create promises too. Both keep an answer in memory until a full garbage
 * collection; before that, long lists use hundreds of megabytes.
 */
import type { Client, QueryConfig, QueryResult } from 'pg';
import { asDatabaseError } from './errors.ts';

/** A query as it is sent. */
export interface Query extends QueryConfig<unknown[]> {
  readonly rowMode?: 'array';
}

/** Gets what the answers say of the server as a whole. */
export interface ServerWatch {
  /** A query that was sent at that time has had no answer up to the limit. */
  onSilence(since: number): void;
  onError(error: unknown): void;
}

interface PendingQuery {
  /** When it was sent, on the clock of `performance`. */
  readonly since: number;
  reject(error: unknown): void;
}

export class PendingQueries {
  readonly #client: Client;
  readonly #limitMs: number;
  readonly #watch: ServerWatch | null;
  readonly #pending: PendingQuery[] = [];
  #timer: NodeJS.Timeout | null = null;
  #answeredAt = performance.now();

  constructor(client: Client, limitMs: number, watch: ServerWatch | null = null) {
    this.#client = client;
    this.#limitMs = limitMs;
    this.#watch = watch;
  }

  /** When the server last answered, on the clock of `performance`. */
  get answeredAt(): number {
    return this.#answeredAt;
  }

  /** Sends a query after those that are pending. Throws the error of the server, or a `ConnectionLostError`. */
  send(query: Query): Promise<QueryResult> {
    const { promise, resolve, reject } = Promise.withResolvers<QueryResult>();
    const pending = { since: performance.now(), reject };
    this.#pending.push(pending);
    if (this.#timer === null) this.#checkAfter(this.#limitMs);
    void this.#client.query(query, (error: Error | null, result: QueryResult) => {
      this.#pending.splice(this.#pending.indexOf(pending), 1);
      this.#answeredAt = performance.now();
      if (error === null) return resolve(result);
      const fault = asDatabaseError(error);
      this.#watch?.onError(fault);
      reject(fault);
    });
    return promise;
  }

  /** The timer does not keep the process running. The connection does, while a query is pending. */
  #checkAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#check(), ms).unref();
  }

  #check(): void {
    this.#timer = null;
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    const leftMs = oldest.since + this.#limitMs - performance.now();
    if (leftMs > 0) {
      this.#checkAfter(leftMs);
    } else {
      oldest.reject(asDatabaseError(new Error('no answer came in time')));
      this.#client.connection.stream.destroy();
      this.#watch?.onSilence(oldest.since);
    }
  }
}
