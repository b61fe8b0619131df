/**
 * Combines the reads of many callers into few rounds. While the server works on a round, the reads that arrive are
 * collected; they are the next round. Reads of one statement with different values are sent as one statement, and equal
 * reads are sent once. So a round grows with the load, and a caller that is alone waits for no other.
 *
 * A read goes only into a round that is sent after the read arrived, so it sees everything that was committed before.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';

interface BatchedRead {
  readonly values: Values;
  readonly promise: Promise<unknown[]>;
  resolve(rows: unknown[]): void;
  reject(error: unknown): void;
}

/** The reads of one statement whose values are of the same types. */
interface Group {
  readonly statement: Statement<Values, unknown>;
  /** By the values as JSON. */
  readonly reads: Map<string, BatchedRead>;
}

export class ReadRounds {
  readonly #connection: PostgresConnection;
  #groups = new Map<string, Group>();
  #isRunning = false;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Returns the rows from the next round. Other callers may get the same array. */
  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const groupKey = `${statement.index} ${typesOf(values)}`;
    let group = this.#groups.get(groupKey);
    if (group === undefined) {
      group = { statement: statement as Statement<Values, unknown>, reads: new Map() };
      this.#groups.set(groupKey, group);
    }
    const key = JSON.stringify(values);
    let read = group.reads.get(key);
    if (read === undefined) {
      read = { values, ...Promise.withResolvers<unknown[]>() };
      group.reads.set(key, read);
    }
    if (!this.#isRunning) {
      this.#isRunning = true;
      void this.#run();
    }
    return read.promise as Promise<R[]>;
  }

  async #run(): Promise<void> {
    do {
      // Reads that the event loop has ready by now join the round.
      await new Promise((resolve) => setImmediate(resolve));
      const groups = [...this.#groups.values()];
      this.#groups = new Map();
      await Promise.all(groups.map((group) => this.#answer(group)));
    } while (this.#groups.size > 0);
    this.#isRunning = false;
  }

  async #answer({ statement, reads }: Group): Promise<void> {
    const sent = [...reads.values()];
    if (this.#connection.isSharded) {
      // Several organizations may lie on several machines. Of these, one may be away.
      const answers = sent.map(({ values, resolve, reject }) =>
        this.#connection.rows(statement, values).then(resolve, reject),
      );
      await Promise.all(answers);
      return;
    }
    try {
      const found = await this.#send(statement, sent);
      for (const [at, read] of sent.entries()) read.resolve(found[at] ?? []);
    } catch (error) {
      // A value that the server refuses is the fault of one read only, and so is a damaged page. Each is sent again alone.
      const isOutage = postgresDialect.isOutage(error) && !postgresDialect.isDamage(error);
      const isShared = sent.length > 1 && !isOutage;
      for (const read of sent) {
        if (isShared) this.#connection.rows(statement, read.values).then(read.resolve, read.reject);
        else read.reject(error);
      }
    }
  }

  async #send(
    statement: Statement<Values, unknown>,
    reads: readonly BatchedRead[],
  ): Promise<readonly unknown[][]> {
    const [first, second] = reads;
    if (first !== undefined && (second === undefined || !isPlain(first.values))) {
      return Promise.all(reads.map(({ values }) => this.#connection.rows(statement, values)));
    }
    return this.#connection.rowsForEach(
      statement,
      reads.map(({ values }) => values),
    );
  }
}

/** The types of the values: only reads with values of the same types are sent as one statement. */
function typesOf(values: Values): string {
  return Object.values(values)
    .map((value) => (value === null ? 'null' : typeof value))
    .join();
}

function isPlain(values: Values): boolean {
  return Object.values(values).every((value) => typeof value === 'number' || typeof value === 'string');
}
