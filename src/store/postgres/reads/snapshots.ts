/**
 * Runs groups of reads that each need one state of the database, such as a page and its total. Groups that arrive while
 * others run share the next transaction. Its state is newer than the arrival of each. So all of them cost one begin and
 * one end, and equal statements of several groups are sent as one.
 *
 * Such work must be short. Long work gets a transaction of its own, so that it delays no other.
 */
import { asDatabaseError, isConnectionEnding } from '../errors.ts';
import type { ConnectionSet } from '../pool.ts';
import { ReadRounds } from './rounds.ts';

interface Work {
  /** Settles the promise of the caller. Returns the error of the work, or null. */
  run(rounds: ReadRounds, begun: Promise<void>): Promise<unknown>;
  reject(error: unknown): void;
}

/** The largest number of such transactions at a time, so that streams find a connection too. */
const runnersMax = 2;
/** The largest number of groups that share a transaction. */
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

  /** As `take`, in a transaction of its own. */
  takeAlone<T>(work: (rounds: ReadRounds) => Promise<T>): Promise<T> {
    const { promise, ...one } = workOf(work);
    void this.#runTogether([one]);
    return promise;
  }

  async #run(): Promise<void> {
    this.#running++;
    do {
      // Work that the event loop has ready by now joins the transaction.
      await new Promise((resolve) => setImmediate(resolve));
      const fault = await this.#runTogether(this.#waiting.splice(0, sharersMax));
      // The database is away: callers that have waited are refused now, and need not try it themselves.
      if (isConnectionEnding(fault)) for (const { reject } of this.#waiting.splice(0)) reject(fault);
    } while (this.#waiting.length > 0);
    this.#running--;
  }

  /** Returns an error of one of the works, or null. Does not wait for the end of the transaction. */
  async #runTogether(works: readonly Work[]): Promise<unknown> {
    if (works.length === 0) return null;
    try {
      const { connection, end } = await this.#connections.lease();
      if (connection.isSharded && works.length > 1) {
        // Of several organizations, one may be on a machine that is away. It must not end the transaction of the others.
        end(false);
        const faults = await Promise.all(works.map((work) => this.#runTogether([work])));
        return faults.find((fault) => isConnectionEnding(fault)) ?? null;
      }
      const begun = connection.beginSnapshot();
      const rounds = new ReadRounds(connection);
      const faults = await Promise.all(works.map(({ run }) => run(rounds, begun)));
      const fault = faults.find((each) => each !== null) ?? null;
      if (isConnectionEnding(fault)) end(true);
      else
        connection.control(fault === null ? 'commit' : 'rollback').then(
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
