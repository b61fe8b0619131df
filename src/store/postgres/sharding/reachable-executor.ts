/**
 * Runs the statements of a job while a machine of a Citus cluster is away. One that goes over all machines is restricted
 * to the organizations of the machines that answer; the other organizations wait for their machine. One that needs every
 * machine finds nothing, and waits too. In normal times every statement is sent as it is.
 *
 * Only jobs work so, because they come again. An operator who is shown or who changes a part would take it for the whole.
 */
import type { Executor, InsertedRow } from '../../sql/executor.ts';
import type { Statement, Values } from '../../sql/statement.ts';
import type { Outage } from './outage.ts';
import { spanOf } from './span.ts';

/** Locks that only keep jobs from waiting for each other. They move to another machine with all processes. */
const movableLocks: ReadonlySet<string> = new Set(['housekeeping', 'claims of messages']);

export class ReachableExecutor implements Executor {
  readonly #executor: Executor;
  readonly #outageNow: () => Outage | null;

  constructor(executor: Executor, outageNow: () => Outage | null) {
    this.#executor = executor;
    this.#outageNow = outageNow;
  }

  async first<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    const restricted = this.#restrict(statement, values);
    return restricted === null ? undefined : this.#executor.first(statement, restricted);
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const restricted = this.#restrict(statement, values);
    return restricted === null ? [] : this.#executor.rows(statement, restricted);
  }

  async bulkRows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const restricted = this.#restrict(statement, values);
    return restricted === null ? [] : this.#executor.bulkRows(statement, restricted);
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    const restricted = this.#restrict(statement, values);
    return restricted === null ? 0 : this.#executor.run(statement, restricted);
  }

  async runDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    const restricted = this.#restrict(statement, values);
    if (restricted !== null) await this.#executor.runDeferred(statement, restricted);
  }

  insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    return this.#executor.insert(statement, values);
  }

  insertOptimistically<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<InsertedRow | undefined> {
    return this.#executor.insertOptimistically(statement, values);
  }

  insertDeferred<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<void> {
    return this.#executor.insertDeferred(statement, values);
  }

  insertAll<P extends Values>(
    statement: Statement<P, unknown>,
    rows: readonly P[],
  ): Promise<(number | undefined)[]> {
    return this.#executor.insertAll(statement, rows);
  }

  firstInSavepoint<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R | undefined> {
    return this.#executor.firstInSavepoint(statement, values);
  }

  lockName(name: string): Promise<void> {
    const outage = this.#outageNow();
    const isAway = outage?.away.has(0) === true && movableLocks.has(name);
    return this.#executor.lockName(isAway ? `elsewhere ${outage.elsewhere ?? 0} ${name}` : name);
  }

  snapshot<T>(work: (view: Executor) => Promise<T>): Promise<T> {
    return this.#executor.snapshot((view) => work(new ReachableExecutor(view, this.#outageNow)));
  }

  isTaken(error: unknown, table: string, column: string): boolean {
    return this.#executor.isTaken(error, table, column);
  }

  /** The values with the organizations that can be reached; null for a statement that has to wait. */
  #restrict<P extends Values>(statement: Statement<P, unknown>, values: P): P | null {
    const outage = this.#outageNow();
    if (outage === null) return values;
    const { over } = spanOf(statement);
    if (over === 'every') return null;
    return over === 'all' ? { ...values, reachable: outage.reachable } : values;
  }
}
