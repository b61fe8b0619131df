/**
 * Collects the new rows of the units that share a transaction. Rows of one statement are sent as one statement, before
 * any other statement is sent. No unit waits for the answer; the buffer checks the answers before the commit. This is
 * optimistic: where a conflict kept a row out, or an insert failed, later steps may rest on a row that is not there. Then
 * the transaction must be rolled back and retried without a buffer.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';
import { isLockConflict } from '../errors.ts';

/** An optimistic transaction met a case that it cannot handle. It must be retried carefully. */
export class OptimismFailedError extends Error {
  override readonly name = 'OptimismFailedError';

  constructor(cause?: unknown) {
    super('a transaction must be retried step by step', { cause });
  }
}

/** Whether the database is away, and not just a lock of another transaction in the way. */
export function isOutageAlone(error: unknown): boolean {
  return postgresDialect.isOutage(error) && !isLockConflict(error);
}

interface Row {
  readonly values: Values;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

interface Group {
  readonly statement: Statement<Values, unknown>;
  /** The units whose rows are in the group. */
  readonly units: Set<object>;
  readonly rows: Row[];
}

export class InsertBuffer {
  readonly #connection: PostgresConnection;
  readonly #sent: Promise<void>[] = [];
  #groups: Group[] = [];

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Adds a row of a unit. Returns a function that sends the row, if that has not happened, and waits for its number. */
  add<P extends Values>(unit: object, statement: Statement<P, unknown>, values: P): () => Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    promise.catch(() => {});
    const group = this.#groupFor(unit, statement as Statement<Values, unknown>);
    group.units.add(unit);
    group.rows.push({ values, resolve, reject });
    return () => {
      this.flush();
      return promise;
    };
  }

  /** Sends the collected rows. */
  flush(): void {
    if (this.#groups.length === 0) return;
    const groups = this.#groups;
    this.#groups = [];
    for (const group of groups) {
      const sent = this.#send(group);
      sent.catch(() => {});
      this.#sent.push(sent);
    }
  }

  /** Resolves when every row is in its table. Throws an `OptimismFailedError`, or the outage of the database. */
  async settle(): Promise<void> {
    this.flush();
    try {
      await Promise.all(this.#sent);
    } catch (error) {
      throw isOutageAlone(error) || error instanceof OptimismFailedError
        ? error
        : new OptimismFailedError(error);
    }
  }

  /** The rows of one unit are sent in the order in which it added them. */
  #groupFor(unit: object, statement: Statement<Values, unknown>): Group {
    for (const group of this.#groups.toReversed()) {
      if (group.statement === statement) return group;
      if (group.units.has(unit)) break;
    }
    const group = { statement, units: new Set<object>(), rows: [] };
    this.#groups.push(group);
    return group;
  }

  async #send({ statement, rows }: Group): Promise<void> {
    try {
      const seqs = await this.#connection.insertAll(
        statement,
        rows.map(({ values }) => values),
      );
      if (seqs.length < rows.length) throw new OptimismFailedError();
      for (const [at, { resolve }] of rows.entries()) resolve(seqs[at] ?? 0);
    } catch (error) {
      for (const { reject } of rows) reject(error);
      throw error;
    }
  }
}
