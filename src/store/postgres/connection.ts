/**
 * One connection to PostgreSQL and the words it is spoken to with. A statement keeps its name for as long as its
 * text stays the same, and the server plans it once for each connection.
 *
 * A pooler may stand between, which gives each transaction another server: there nothing is named and nothing is
 * set beyond a transaction. Whether one does is seen from the number of the server process, which a pooler makes up.
 */
import type { Client, QueryResult } from 'pg';
import type { Statement, Values } from '../sql/statement.ts';
import { AwaitedAnswers, type Question } from './answers.ts';
import {
  type NamedStatement,
  namedForMany,
  namedInsert,
  namedInsertOf,
  namedStatement,
} from './statements.ts';

/** How long things may take, in milliseconds. */
export interface PostgresTimeouts {
  readonly connectMs: number;
  readonly statementMs: number;
  /** Waiting for a row, or a name, that another transaction holds. */
  readonly lockMs: number;
}

/** Values arrive as text: whole numbers of up to 53 bits, bytes in hex, texts. */
export function parserOf(type: number): (text: string) => string | number | Uint8Array {
  switch (type) {
    case typeIds.int8:
    case typeIds.int4:
    case typeIds.int2:
      return Number;
    case typeIds.bytea:
      return (text) => Buffer.from(text.slice(2), 'hex');
    default:
      return (text) => text;
  }
}

const typeIds = { bytea: 17, int8: 20, int2: 21, int4: 23 } as const;

/** By the client, what is known of a connection however often it is lent. */
interface Prepared {
  readonly answers: AwaitedAnswers;
  readonly isDirect: boolean;
}

const preparedClients = new WeakMap<Client, Prepared>();
/** Longer than the limit that the server has by this. */
const answerGraceMs = 500;

/** Sets up a connection that was just opened: whether it is direct, and if so its limits. */
export async function prepareClient(client: Client, timeouts: PostgresTimeouts): Promise<void> {
  const answers = new AwaitedAnswers(client, timeouts.statementMs + answerGraceMs);
  const { rows } = await answers.ask({ text: 'select pg_backend_pid() as pid' });
  const isDirect = 'processID' in client && client.processID === rows[0]?.pid;
  if (isDirect) await answers.ask({ text: `${limits('set', timeouts)}; ${planning}` });
  preparedClients.set(client, { answers, isDirect });
}

/**
 * How the server plans on a direct connection. A statement is planned once, whatever its values, and by an index where
 * one serves, however small a table is at that moment: the plan outlives the moment. To compile plans costs more than
 * to run any of them, and what a limit leaves is estimated so high that the server would do so for every page.
 */
export const planning = 'set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off';

/** The limits that the server itself watches over, so that a process which stands still holds nobody up. */
function limits(set: 'set' | 'set local', { statementMs, lockMs }: PostgresTimeouts): string {
  return [
    `${set} statement_timeout = ${statementMs}`,
    `${set} lock_timeout = ${lockMs}`,
    `${set} idle_in_transaction_session_timeout = ${statementMs}`,
  ].join('; ');
}

export class PostgresConnection {
  /** No pooler is between. */
  readonly isDirect: boolean;
  readonly #client: Client;
  readonly #answers: AwaitedAnswers;
  readonly #timeouts: PostgresTimeouts;

  /** Over a client that is prepared. */
  constructor(client: Client, timeouts: PostgresTimeouts) {
    const prepared = preparedClients.get(client);
    if (prepared === undefined) throw new Error('a connection is used before it is prepared');
    this.#client = client;
    this.#timeouts = timeouts;
    this.#answers = prepared.answers;
    this.isDirect = prepared.isDirect;
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    return (await this.#execute(namedStatement(statement), values)).rows as R[];
  }

  /**
   * The rows for each of several sets of values, in one round and as of one moment. Values of one name are all of
   * one type, and none is null.
   */
  async rowsForEach<P extends Values, R>(statement: Statement<P, R>, sets: readonly P[]): Promise<R[][]> {
    const { named, columns } = namedForMany(statement, sets);
    const result = await this.#send({ ...this.#questionOf(named, columns), rowMode: 'array' });
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
    return (await this.#execute(namedStatement(statement), values)).rowCount ?? 0;
  }

  /** Adds a row; its number where the table has a sequence. Undefined where a conflict kept it out. */
  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    const { rows, rowCount } = await this.#execute(namedInsert(statement), values);
    if (rowCount === 0) return undefined;
    const [row]: { readonly seq?: number }[] = rows;
    return row?.seq ?? 0;
  }

  /**
   * Adds rows in their order; the numbers of those that no conflict kept out, in the same order. Rows of one statement
   * go together.
   */
  async insertAll(statement: Statement<Values, unknown>, rows: readonly Values[]): Promise<number[]> {
    const results: Promise<QueryResult<{ seq?: number }>>[] = [];
    for (let at = 0; at < rows.length; ) {
      const named = namedInsertOf(statement, rows.length - at);
      results.push(this.#send(this.#questionOf(named, rows.slice(at, at + named.rows).flatMap(named.bind))));
      at += named.rows;
    }
    const seqs: number[] = [];
    for (const { rows, rowCount } of await Promise.all(results)) {
      for (let at = 0; at < (rowCount ?? 0); at++) seqs.push(rows[at]?.seq ?? 0);
    }
    return seqs;
  }

  /** Begins a transaction that changes something. Locks are waited for as usual, or `lockMs` only. */
  async begin(lockMs = this.#timeouts.lockMs): Promise<void> {
    const own = this.isDirect
      ? lockMs === this.#timeouts.lockMs
        ? ''
        : `; ${lockLimit(lockMs)}`
      : `; ${limits('set local', { ...this.#timeouts, lockMs })}`;
    await this.control(`begin isolation level read committed${own}`);
  }

  /** Waits for locks as usual from here on, in the transaction. */
  async waitForLocks(): Promise<void> {
    await this.control(lockLimit(this.#timeouts.lockMs));
  }

  /** Begins a transaction in which all reads see one state. */
  async beginSnapshot(): Promise<void> {
    const own = this.isDirect ? '' : `; ${limits('set local', this.#timeouts)}`;
    await this.control(`begin isolation level repeatable read, read only${own}`);
  }

  /** Commits. Throws where the server rolled back instead, because a statement of the transaction had failed. */
  async commit(): Promise<void> {
    const { command } = await this.#send({ text: 'commit' });
    if (command !== 'COMMIT') throw new Error('a transaction with a failed statement was rolled back');
  }

  async hold(name: string): Promise<void> {
    await this.#send({ text: 'select pg_advisory_xact_lock(hashtextextended($1, 0))', values: [name] });
  }

  /** Asks the server something about itself. */
  async ask<R>(text: string): Promise<R[]> {
    return (await this.#send({ text })).rows as R[];
  }

  /** Sends words of transaction control. */
  async control(text: string): Promise<void> {
    await this.#send({ text });
  }

  /** What is sent in one turn goes to the server in one piece. */
  #holdBack(): void {
    const { stream } = this.#client.connection;
    if (stream.writableCorked > 0) return;
    stream.cork();
    process.nextTick(() => stream.uncork());
  }

  #execute(named: NamedStatement, values: Values): Promise<QueryResult> {
    return this.#send(this.#questionOf(named, named.bind(values)));
  }

  #questionOf({ sql: text, name }: NamedStatement, values: unknown[]): Question {
    return this.isDirect ? { text, values, name } : { text, values };
  }

  #send(question: Question): Promise<QueryResult> {
    this.#holdBack();
    return this.#answers.ask(question);
  }
}

function lockLimit(lockMs: number): string {
  return `set local lock_timeout = ${lockMs}`;
}
