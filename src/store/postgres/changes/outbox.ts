/**
 * New rows of the units that share a transaction, on their way together: those of one statement are sent as one, before
 * whatever else is sent. Nobody waits for the answer before the transaction is to be committed. That is hopeful: where
 * a row turns out to have been kept out, or a statement to have failed, everything that was done since may rest on what
 * is not so, and the transaction has to be done anew without an outbox.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';
import { isObstacle } from '../errors.ts';

/** What was hoped for is not so. */
export class HopeLostError extends Error {
  override readonly name = 'HopeLostError';

  constructor(cause?: unknown) {
    super('a transaction has to be done anew, step by step', { cause });
  }
}

interface Row {
  readonly values: Values;
  resolve(seq: number): void;
  reject(error: unknown): void;
}

interface Group {
  readonly statement: Statement<Values, unknown>;
  /** Whose rows are in it. */
  readonly units: Set<object>;
  readonly rows: Row[];
}

export class Outbox {
  readonly #connection: PostgresConnection;
  readonly #sent: Promise<void>[] = [];
  #groups: Group[] = [];

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** Adds a row of a unit; what it gives sends it and resolves with its number. */
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

  /** Sends what is there. */
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

  /** Resolves when every row is in its table. Throws a `HopeLostError`, or the outage that was met. */
  async settle(): Promise<void> {
    this.flush();
    try {
      await Promise.all(this.#sent);
    } catch (error) {
      const isOutage = postgresDialect.isOutage(error) && !isObstacle(error);
      throw isOutage || error instanceof HopeLostError ? error : new HopeLostError(error);
    }
  }

  /** Of a unit's own rows none goes before one that it added earlier. */
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
      if (seqs.length < rows.length) throw new HopeLostError();
      for (const [at, { resolve }] of rows.entries()) resolve(seqs[at] ?? 0);
    } catch (error) {
      for (const { reject } of rows) reject(error);
      throw error;
    }
  }
}
