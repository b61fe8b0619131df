/**
 * One connection to PostgreSQL, and the SQL that Roster sends over it. A statement has a name that depends on its text
 * only, so the server plans it once for each connection.
 *
 * Between Roster and the server there may be a pooler, which gives each transaction another server connection. Then no
 * setting outlasts a transaction, and statements have names only where the pooler keeps them. Roster recognizes a pooler by
 * the number of the server process, which the pooler invents.
 */
import type { Client, QueryResult } from 'pg';
import type { ServerRole } from '../../core/deployment/database-address.ts';
import { errorCodeOf } from '../../core/error-code.ts';
import type { Statement, Values } from '../sql/statement.ts';
import { isConnectionEnding, MachineAwayError, UnknownOutcomeError } from './errors.ts';
import { assertRole, isStandby } from './hosts.ts';
import { PendingQueries, type Query, type ServerWatch } from './pending-queries.ts';
import {
  commitsWait,
  durabilityOf,
  limits,
  type PostgresTimeouts,
  passesOn,
  planning,
  planningOnMachines,
} from './session-settings.ts';
import { setInsertOf } from './set-insert.ts';
import { organizationIn, selectIsAway, shardedLock } from './sharding/named-lock.ts';
import type { Outage } from './sharding/outage.ts';
import { type Span, spanOf } from './sharding/span.ts';
import type { BoundChange } from './shared-change.ts';
import {
  type NamedStatement,
  namedForMany,
  namedInsert,
  namedInsertOf,
  namedStatement,
} from './statements.ts';

export type { PostgresTimeouts } from './session-settings.ts';

/** Values arrive as text: whole numbers of up to 53 bits, bytes in hex, texts. */
export function parserOf(type: number): (text: string) => string | number | Uint8Array {
  switch (type) {
    case typeIds.int8:
    case typeIds.int4:
    case typeIds.int2:
      return toSafeNumber;
    case typeIds.bytea:
      return (text) => Buffer.from(text.slice(2), 'hex');
    default:
      return (text) => text;
  }
}

/** A database on several machines may number rows beyond 53 bits. Such a number is refused, because it would be rounded. */
function toSafeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number)) throw new Error('the database has a number of more than 53 bits');
  return number;
}

const typeIds = { bytea: 17, int8: 20, int2: 21, int4: 23 } as const;

/** What is known of a client for as long as its connection lives, in all its leases. */
interface Prepared {
  readonly pending: PendingQueries;
  readonly isDirect: boolean;
  /** The server finds a named statement again in the next transaction. */
  readonly keepsStatements: boolean;
  /** The tables are spread over the machines of a Citus cluster. */
  readonly isSharded: boolean;
  /** What its commits wait for. */
  readonly durability: string;
  /** Set by the warning that a wait for the synchronous standby was cancelled. */
  isUnconfirmed: boolean;
}

const preparedClients = new WeakMap<Client, Prepared>();
/** How much later than the server's own limit Roster gives up. */
const answerGraceMs = 500;

/**
 * Sets up a connection that was just opened: finds out whether the server has the role and whether the connection is direct,
 * and if so sets its limits. Throws a `ConnectionLostError` where the server has another role.
 */
export async function prepareClient(
  client: Client,
  timeouts: PostgresTimeouts,
  { role, watch = null }: { readonly role: ServerRole; readonly watch?: ServerWatch | null },
): Promise<void> {
  const first = new PendingQueries(client, timeouts.connectMs);
  const { rows } = await first.send({
    text: `select pg_backend_pid() as pid, ${isStandby}, ${citusExtensions} as extensions,
      current_setting('synchronous_commit') as durability`,
  });
  assertRole(role, rows[0]);
  const isDirect = 'processID' in client && client.processID === rows[0]?.pid;
  const isSharded = rows[0]?.extensions === 1;
  const plans = isSharded ? planningOnMachines(timeouts) : planning;
  const durability = durabilityOf(rows[0]?.durability);
  if (isDirect) {
    await first.send({
      text: `${limits('set', timeouts)}; ${plans}; ${commitsWait('set', durability)}`,
    });
  }
  const keepsStatements = isDirect || (await poolerKeepsStatements(first));
  const pending = new PendingQueries(client, timeouts.statementMs + answerGraceMs, watch);
  const prepared: Prepared = {
    ...{ pending, isDirect, isSharded, keepsStatements, durability },
    isUnconfirmed: false,
  };
  client.on('notice', (notice) => {
    if (isCancelledWait(notice)) prepared.isUnconfirmed = true;
  });
  preparedClients.set(client, prepared);
}

/** When the server last answered on the connection, on the clock of `performance`. */
export function answeredAt(client: Client): number {
  return preparedClients.get(client)?.pending.answeredAt ?? performance.now();
}

/**
 * Whether the notice is the warning that comes with a commit whose wait for the synchronous standby was cancelled. Such a commit
 * is made on the leader alone, and lost if the standby takes over. The name of the routine is the same in every language.
 */
export function isCancelledWait({
  routine,
  message,
}: {
  readonly routine?: string | undefined;
  readonly message?: string | undefined;
}): boolean {
  return routine === 'SyncRepWaitForLSN' || /synchronous replication/.test(message ?? '');
}

const knownStatement = '42P05';
/** The name under which pgbouncer keeps a statement that a client has named. */
const poolerName = /^PGBOUNCER_\d+$/;

/**
 * Whether the pooler keeps named statements: pgbouncer 1.21 and newer with `max_prepared_statements`. Such a pooler gives the
 * statement a name of its own at the server. Another one passes the name on; then the server may have the statement already.
 */
async function poolerKeepsStatements(pending: PendingQueries): Promise<boolean> {
  try {
    const text = `select name from pg_prepared_statements where statement like 'select name from pg_prepared_statements%'`;
    const { rows } = await pending.send({ text, name: 'roster_trial' });
    return rows.some(({ name }) => poolerName.test(name));
  } catch (error) {
    // The server has the statement already: the pooler has passed its name on.
    if (errorCodeOf(error) !== knownStatement && isConnectionEnding(error)) throw error;
    return false;
  }
}

const citusExtensions = `(select count(*) from pg_catalog.pg_extension where extname = 'citus')`;

export class PostgresConnection {
  /** There is no pooler in between. */
  readonly isDirect: boolean;
  /** The server finds a named statement again in the next transaction. */
  readonly keepsStatements: boolean;
  /** The tables are spread over the machines of a Citus cluster. */
  readonly isSharded: boolean;
  readonly #client: Client;
  readonly #pending: PendingQueries;
  readonly #prepared: Prepared;
  readonly #timeouts: PostgresTimeouts;
  readonly #outageNow: () => Outage | null;

  /** The client must be prepared. `outageNow` tells the machines of a Citus cluster that are away. */
  constructor(client: Client, timeouts: PostgresTimeouts, outageNow: () => Outage | null = () => null) {
    const prepared = preparedClients.get(client);
    if (prepared === undefined) throw new Error('a connection is used before it is prepared');
    this.#client = client;
    this.#timeouts = timeouts;
    this.#outageNow = outageNow;
    this.#pending = prepared.pending;
    this.#prepared = prepared;
    this.isDirect = prepared.isDirect;
    this.keepsStatements = prepared.keepsStatements;
    this.isSharded = prepared.isSharded;
  }

  /** A machine of the Citus cluster is away. */
  get isPartial(): boolean {
    return this.#outageNow() !== null;
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return (await this.#execute(statement, namedStatement(statement), values)).rows as R[];
  }

  /**
   * Returns the rows for each of several sets of values, with one statement. The values of one name must be of one
   * type, and none may be null.
   */
  async rowsForEach<P extends Values, R>(statement: Statement<P, R>, sets: readonly P[]): Promise<R[][]> {
    const { named, columns } = namedForMany(statement, sets);
    const result = await this.#send({ ...this.#queryOf(named, columns), rowMode: 'array' });
    const found: R[][] = sets.map(() => []);
    const names = result.fields.map(({ name }) => name);
    const empty: Record<string, unknown> = Object.fromEntries(names.slice(1).map((name) => [name, null]));
    for (const cells of result.rows as unknown[][]) {
      const row = { ...empty };
      for (let at = 1; at < cells.length; at++) row[names[at] ?? ''] = cells[at];
      found[Number(cells[0]) - 1]?.push(row as R);
    }
    return found;
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    return (await this.#execute(statement, namedStatement(statement), values)).rowCount ?? 0;
  }

  /** Inserts a row. Returns its number, 0 in a table without a sequence, undefined if a conflict kept it out. */
  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    const { rows, rowCount } = await this.#execute(statement, namedInsert(statement), values);
    if (rowCount === 0) return undefined;
    const [row]: { readonly seq?: number }[] = rows;
    return row?.seq ?? 0;
  }

  /**
   * Inserts rows in their order, many with one statement. Returns the numbers of those that no conflict kept out, in the
   * same order.
   */
  async insertAll(statement: Statement<Values, unknown>, rows: readonly Values[]): Promise<number[]> {
    const results: Promise<QueryResult<{ seq?: number }>>[] = [];
    for (let at = 0; at < rows.length; ) {
      const named = namedInsertOf(statement, rows.length - at);
      results.push(this.#send(this.#queryOf(named, rows.slice(at, at + named.rows).flatMap(named.bind))));
      at += named.rows;
    }
    const seqs: number[] = [];
    for (const { rows, rowCount } of await Promise.all(results)) {
      for (let at = 0; at < (rowCount ?? 0); at++) seqs.push(rows[at]?.seq ?? 0);
    }
    return seqs;
  }

  /**
   * Inserts rows in their order with one statement. Returns the number of each row, undefined for a row that a conflict
   * kept out; null where the statement has no such form (`set-insert.ts`).
   */
  async insertSet(
    statement: Statement<Values, unknown>,
    rows: readonly Values[],
  ): Promise<(number | undefined)[] | null> {
    const bound = setInsertOf(statement, rows);
    if (bound === null) return null;
    const { sql, name, values, hasId } = bound;
    // Citus copies the rows of such a statement to their machine, and the error of a copy has no code.
    if (this.isSharded && !hasId) return this.insertAll(statement, rows);
    const result = await this.#send({ ...this.#queryOf({ sql, name }, values), rowMode: 'array' });
    const inserted: readonly unknown[][] = result.rows;
    if (!hasId) return rows.map((_, at) => Number(inserted[at]?.[0] ?? 0));
    const seqs = new Map(inserted.map(([seq, id]) => [id, Number(seq)]));
    return rows.map(({ id }) => seqs.get(id));
  }

  /** Runs changes of many rows. Returns what each of them returns, by the name of its row. */
  async changeNamed({
    sql,
    name,
    values,
  }: BoundChange): Promise<ReadonlyMap<string, Record<string, unknown>[]>> {
    const found = new Map<string, Record<string, unknown>[]>();
    const { rows } = await this.#send(this.#queryOf({ sql, name }, values));
    for (const { changedName, ...row } of rows) {
      const known = found.get(changedName);
      if (known === undefined) found.set(changedName, [row]);
      else known.push(row);
    }
    return found;
  }

  /** Runs a change. Returns a row for each row that it changed, empty where the statement returns nothing. */
  async changedRows<P extends Values>(
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<Record<string, unknown>[]> {
    const { rows, rowCount } = await this.#execute(statement, namedStatement(statement), values);
    return rows.length > 0 ? rows : Array.from({ length: rowCount ?? 0 }, () => ({}));
  }

  /** Begins a transaction for changes. It waits for locks up to the usual limit, or up to `lockMs`. */
  async begin(lockMs = this.#timeouts.lockMs): Promise<void> {
    if (this.isSharded) return this.#beginSharded(lockMs);
    const own = this.isDirect
      ? lockMs === this.#timeouts.lockMs
        ? ''
        : `; ${lockLimit(lockMs)}`
      : `; ${limits('set local', { ...this.#timeouts, lockMs })}; ${commitsWait('set local', this.#prepared.durability)}`;
    await this.control(`begin isolation level read committed${own}`);
  }

  /** The machine of a row keeps the limit for locks. Citus passes on the whole text of a query, so these are queries of their own. */
  async #beginSharded(lockMs: number): Promise<void> {
    const own = this.isDirect ? '' : `; ${limits('set local', this.#timeouts)}; set local ${passesOn}`;
    const begun = this.control(`begin isolation level read committed${own}`);
    const durable = this.control(commitsWait('set local', this.#prepared.durability));
    await Promise.all([begun, durable, this.waitForLocks(lockMs)]);
  }

  /** Sets the usual limit for locks again, or `lockMs`, for the rest of the transaction. */
  async waitForLocks(lockMs = this.#timeouts.lockMs): Promise<void> {
    await this.control(lockLimit(lockMs));
  }

  /** Begins a transaction in which all reads see one state. */
  async beginSnapshot(): Promise<void> {
    const own = this.isDirect ? '' : `; ${limits('set local', this.#timeouts)}`;
    await this.control(`begin isolation level repeatable read, read only${own}`);
  }

  /**
   * Commits. Throws where the server rolled back instead, because a statement of the transaction had failed, and an
   * `UnknownOutcomeError` where the synchronous standby has not confirmed the commit.
   *
   * A transaction that has written nothing has perhaps read what an earlier one has written and the standby does not have yet,
   * such as the outcome of a request that is repeated. Its commit waits for the standby too.
   */
  async commit({ hasWritten = true } = {}): Promise<void> {
    this.#prepared.isUnconfirmed = false;
    if (!hasWritten) this.control(waitForStandby).catch(() => {});
    const { command } = await this.#send({ text: 'commit' });
    if (command !== 'COMMIT') throw new Error('a transaction with a failed statement was rolled back');
    if (this.#prepared.isUnconfirmed) throw new UnknownOutcomeError('the standby has not confirmed a commit');
  }

  /** Locks a name until the transaction ends. */
  async lockName(name: string): Promise<void> {
    const outage = this.#outageNow();
    if (outage?.away.has(organizationIn(name)) === true) throw new MachineAwayError(outage.machines);
    if (this.isSharded) await this.#send({ text: shardedLock, values: [name, organizationIn(name)] });
    else await this.#send({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [name] });
  }

  /** Runs a query about the server itself. */
  async ask<R>(text: string): Promise<R[]> {
    return (await this.#send({ text })).rows as R[];
  }

  /** Sends statements of transaction control. */
  async control(text: string): Promise<void> {
    await this.#send({ text });
  }

  /** Everything that is sent in one turn of the event loop goes to the server in one piece. */
  #holdBack(): void {
    const { stream } = this.#client.connection;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  #execute(
    statement: Pick<Statement<Values, unknown>, 'index' | 'node'>,
    named: NamedStatement,
    values: Values,
  ): Promise<QueryResult> {
    if (!this.isSharded) return this.#send(this.#queryOf(named, named.bind(values)));
    const span = spanOf(statement);
    const outage = this.#outageNow();
    if (outage !== null) return this.#executeBeside(outage, span, named, values);
    return this.#send(this.#queryOf(span.over === 'all' ? span.plain : named, named.bind(values)));
  }

  /** A statement that needs a machine which is away is not sent: the server might wait for the machine without an end. */
  #executeBeside(outage: Outage, span: Span, named: NamedStatement, values: Values): Promise<QueryResult> {
    const bound = named.bind(values);
    const { reachable } = values;
    if (span.over === 'all' && reachable !== undefined) {
      return this.#send(this.#queryOf(span.restricted, [...bound, reachable]));
    }
    const query = this.#queryOf(named, bound);
    if (span.over === 'one' && span.by === 'subject') return this.#sendAsked(outage, bound[span.at], query);
    const isReachable = span.over === 'one' && !outage.away.has(Number(bound[span.at] ?? -1));
    return isReachable ? this.#send(query) : Promise.reject(new MachineAwayError(outage.machines));
  }

  /** Only the server knows the machine of a mailbox. A unit must wait for such a statement before it ends. */
  async #sendAsked({ groups, machines }: Outage, subject: unknown, query: Query): Promise<QueryResult> {
    const { rows } = await this.#send({ text: selectIsAway, values: [subject, groups] });
    if (rows[0]?.isAway === 1) throw new MachineAwayError(machines);
    return this.#send(query);
  }

  #queryOf({ sql: text, name }: Pick<NamedStatement, 'sql' | 'name'>, values: unknown[]): Query {
    return this.keepsStatements ? { text, values, name } : { text, values };
  }

  #send(query: Query): Promise<QueryResult> {
    this.#holdBack();
    return this.#pending.send(query);
  }
}

/** The server waits for the standby only after a transaction that is in its log. */
const waitForStandby = `select pg_logical_emit_message(true, 'roster', '') where current_setting('synchronous_standby_names') <> ''`;

function lockLimit(lockMs: number): string {
  return `set local lock_timeout = ${lockMs}`;
}
