/**
 * Reads that each need one state of the database, such as a page and its total. Those that come while others are under
 * way share the next transaction and its state, which is newer than any of them: it costs one beginning and one end
 * for all, and what several of them ask in the same round is one statement.
 *
 * Such work is short. What takes long has a transaction of its own, and holds nobody up.
 */
import { asDatabaseError, isConnectionEnding } from '../errors.ts';
import type { ConnectionSet } from '../pool.ts';
import { ReadRounds } from './rounds.ts';

interface Work {
  /** Settles the caller's promise; gives the error that it met. */
  run(rounds: ReadRounds, begun: Promise<void>): Promise<unknown>;
  reject(error: unknown): void;
}

/** Most transactions of this kind at a time, so that streams find a connection too. */
const runnersMax = 2;
/** Most that share one. */
const sharersMax = 64;

export class SharedSnapshots {
  readonly #connections: ConnectionSet;
  readonly #waiting: Work[] = [];
  #running = 0;

  constructor(connections: ConnectionSet) {
    this.#connections = connections;
  }

  /** Runs reads that see one state. `work` waits for nothing else. */
  take<T>(work: (rounds: ReadRounds) => Promise<T>): Promise<T> {
    const { promise, ...one } = workOf(work);
    this.#waiting.push(one);
    if (this.#running < runnersMax) void this.#run();
    return promise;
  }

  /** The same in a transaction that nobody shares. */
  takeAlone<T>(work: (rounds: ReadRounds) => Promise<T>): Promise<T> {
    const { promise, ...one } = workOf(work);
    void this.#runTogether([one]);
    return promise;
  }

  async #run(): Promise<void> {
    this.#running++;
    do {
      // Whatever the event loop has ready by now joins the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const fault = await this.#runTogether(this.#waiting.splice(0, sharersMax));
      // Those who have waited for a database that is away need not find that out for themselves.
      if (isConnectionEnding(fault)) for (const { reject } of this.#waiting.splice(0)) reject(fault);
    } while (this.#waiting.length > 0);
    this.#running--;
  }

  /** Gives an error that one of them met, null where none did. The end of the transaction is not waited for. */
  async #runTogether(works: readonly Work[]): Promise<unknown> {
    if (works.length === 0) return null;
    try {
      const { connection, end } = await this.#connections.lease();
      const begun = connection.beginSnapshot();
      const rounds = new ReadRounds(connection);
      const faults = await Promise.all(works.map(({ run }) => run(rounds, begun)));
      const fault = faults.find((each) => each !== null) ?? null;
      if (fault !== null) end(true);
      else
        connection.control('commit').then(
          () => end(false),
          () => end(true),
        );
      return fault;
    } catch (error) {
      const fault = asDatabaseError(error);
      for (const { reject } of works) reject(fault);
      return fault;
    }
  }
}

function workOf<T>(work: (rounds: ReadRounds) => Promise<T>): Work & { readonly promise: Promise<T> } {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  return {
    promise,
    reject,
    async run(rounds, begun) {
      try {
        const [result] = await Promise.all([work(rounds), begun]);
        resolve(result);
        return null;
      } catch (error) {
        reject(error);
        return error;
      }
    },
  };
}
