/**
 * Runs the statements of one unit of work in its transaction, and ends with the unit. PostgreSQL executes nothing more
 * in a transaction after an error. So the executor remembers an error that the unit has caught, and the unit cannot
 * succeed any more.
 */
import { postgresDialect } from '../../sql/dialect.ts';
import type { Executor, InsertedRow } from '../../sql/executor.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';
import type { ReadRounds } from '../reads/rounds.ts';
import { isRead } from '../statements.ts';
import type { InsertBuffer } from './insert-buffer.ts';
import type { SharedChanges } from './shared-changes.ts';

/** An interleaved unit needs a lock that it shares with other units, or a savepoint. It must run in order. */
export class NotConfinedError extends Error {
  override readonly name = 'NotConfinedError';

  constructor() {
    super('an interleaved unit of work has to run in order');
  }
}

/** Changes that were sent and whose outcome no unit waits for. Whoever ends the transaction does. */
export type DeferredChanges = Promise<unknown>[];

export interface ChangeExecutorOptions {
  /** Resolves when the transaction has begun. Until then the unit sends reads and locks only. By default it has. */
  readonly begun?: Promise<void> | null;
  /** Collects the changes whose outcome the unit does not need. Without it, the unit waits for them. */
  readonly deferred?: DeferredChanges | null;
  /** Collects new rows. Whether they could be inserted is known once the buffer has settled. */
  readonly inserts?: InsertBuffer | null;
  /** Combines the reads and row locks of this unit with those of the others in the transaction. */
  readonly rounds?: ReadRounds | null;
  /** Combines the deletions and updates of this unit with those of the others in the transaction. */
  readonly changes?: SharedChanges | null;
  /** The unit runs at the same time as others in the transaction, so no lock can keep them apart. */
  readonly isInterleaved?: boolean;
}

/** Rows that one statement inserts. */
const rowsAtOnce = 500;

export class PostgresChangeExecutor implements Executor {
  readonly isTaken = postgresDialect.isTaken;
  readonly #connection: PostgresConnection;
  readonly #deferred: DeferredChanges | null;
  readonly #inserts: InsertBuffer | null;
  readonly #rounds: ReadRounds | null;
  readonly #changes: SharedChanges | null;
  readonly #isInterleaved: boolean;
  #begun: Promise<void> | null;
  /** Whether a statement waits for the beginning. */
  #isHeld = false;
  #isOpen = true;
  #hasChanged = false;
  #hasWritten = false;
  #fault: unknown = null;

  constructor(
    connection: PostgresConnection,
    {
      begun = null,
      deferred = null,
      inserts = null,
      rounds = null,
      changes = null,
      isInterleaved = false,
    }: ChangeExecutorOptions = {},
  ) {
    this.#connection = connection;
    this.#begun = begun;
    this.#deferred = deferred;
    this.#inserts = inserts;
    this.#rounds = rounds;
    this.#changes = changes;
    this.#isInterleaved = isInterleaved;
  }

  /** Whether the unit has changed something. */
  get hasChanged(): boolean {
    return this.#hasChanged;
  }

  /** Whether the unit has written a row. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** Whether a statement of the unit has failed. */
  get hasFailed(): boolean {
    return this.#fault !== null;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return (await this.rows(statement, values))[0];
  }

  rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const isChange = !isRead(statement);
    const through = isChange || this.#rounds === null ? this.#connection : this.#rounds;
    const send = async () => {
      const shared = isChange ? this.#changed<R>(statement, values) : null;
      const found = await (shared ?? through.rows(statement, values));
      if (isChange && found.length > 0) this.#hasWritten = true;
      return found;
    };
    return statement.locksShared === true ? this.#sendInOrder(send) : this.#send(send, { isChange });
  }

  bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return this.rows(statement, values);
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    const rows = await this.#send(
      () =>
        this.#changed(statement, values)?.then(({ length }) => length) ??
        this.#connection.run(statement, values),
    );
    if (rows > 0) this.#hasWritten = true;
    return rows;
  }

  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    const seq = await this.#send(() => this.#connection.insert(statement, values));
    if (seq !== undefined) this.#hasWritten = true;
    return seq;
  }

  async insertOptimistically<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<InsertedRow | undefined> {
    if (this.#inserts !== null) return { seq: this.#add(this.#inserts, statement, values) };
    const seq = await this.insert(statement, values);
    return seq === undefined ? undefined : { seq };
  }

  async insertDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    if (this.#inserts !== null) this.#add(this.#inserts, statement, values);
    else await this.#defer(() => this.insert(statement, values));
  }

  async runDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    await this.#defer(() => this.run(statement, values));
  }

  /** The server inserts the first rows while the text of the next ones is made. All are sent before it has answered. */
  async insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    const sent: Promise<(number | undefined)[]>[] = [];
    for (let at = 0; at < rows.length; at += rowsAtOnce) {
      if (at > 0) await new Promise((resolve) => setImmediate(resolve));
      const answer = this.#insertSet(statement, rows.slice(at, at + rowsAtOnce));
      answer.catch(() => {});
      sent.push(answer);
    }
    return (await Promise.all(sent)).flat();
  }

  async firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    // A rollback to the savepoint would also undo what other interleaved units did since.
    await this.#sendInOrder(() => this.#connection.control('savepoint change'));
    this.#hasChanged = true;
    try {
      const [row] = await this.#connection.rows(statement, values);
      if (row !== undefined) this.#hasWritten = true;
      await this.#send(() => this.#connection.control('release savepoint change'));
      return row;
    } catch (error) {
      await this.#send(() =>
        this.#connection.control('rollback to savepoint change; release savepoint change'),
      );
      throw error;
    }
  }

  lockName(name: string): Promise<void> {
    return this.#sendInOrder(() => this.#connection.lockName(name));
  }

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return work(this);
  }

  /** Resolves when the statements that wait for the beginning have been sent: they have waited for the same promise before. */
  async sendHeld(): Promise<void> {
    if (this.#begun !== null && this.#isHeld) await this.#begun;
  }

  /** Ends the executor. Throws the error of a statement that failed. */
  close(): void {
    this.#isOpen = false;
    if (this.#fault !== null) throw this.#fault;
  }

  /** The rows of a change that is shared with others; null for another statement. */
  #changed<R>(statement: Statement<Values, unknown>, values: Values): Promise<R[]> | null {
    return (this.#changes?.rows(statement, values) ?? null) as Promise<R[]> | null;
  }

  async #insertSet<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return [await this.insert(statement, only)];
    const seqs = await this.#send(() => this.#connection.insertSet(statement, rows));
    if (seqs?.some((seq) => seq !== undefined) === true) this.#hasWritten = true;
    return seqs ?? Promise.all(rows.map((values) => this.insert(statement, values)));
  }

  #add<P extends Values>(
    inserts: InsertBuffer,
    statement: Statement<P, unknown>,
    values: P,
  ): () => Promise<number> {
    this.#assertOpen();
    this.#hasChanged = true;
    this.#hasWritten = true;
    return inserts.add(this, statement, values);
  }

  async #defer(change: () => Promise<unknown>): Promise<void> {
    if (this.#deferred === null) {
      await change();
      return;
    }
    this.#assertOpen();
    this.#hasWritten = true;
    const sent = change();
    sent.catch(() => {});
    this.#deferred.push(sent);
  }

  async #send<T>(statement: () => Promise<T>, { isChange = true } = {}): Promise<T> {
    this.#assertOpen();
    this.#hasChanged ||= isChange;
    try {
      if (this.#begun !== null && (isChange || this.#isHeld)) {
        // A change behind a `begin` that fails would be committed alone. What follows it waits too, so the order stays.
        this.#isHeld = true;
        await this.#begun;
        this.#begun = null;
        this.#assertOpen();
      }
      this.#inserts?.flush();
      return await statement();
    } catch (error) {
      this.#fault ??= error;
      throw error;
    }
  }

  /** Sends a statement that changes nothing, and that an interleaved unit must not run. */
  #sendInOrder<T>(statement: () => Promise<T>): Promise<T> {
    return this.#send(
      () => {
        if (this.#isInterleaved) throw new NotConfinedError();
        return statement();
      },
      { isChange: false },
    );
  }

  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the unit of work has ended');
    if (this.#fault !== null) throw this.#fault;
  }
}
