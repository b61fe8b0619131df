/**
 * One connection to PostgreSQL and the words it is spoken to with. A statement keeps its name for as long as its
 * text stays the same, and the server plans it once for each connection.
 *
 * A pooler may stand between, which gives each transaction another server: there nothing is named and nothing is
 * set beyond a transaction. Whether one does is seen from the number of the server process, which a pooler makes up.
 */
import { createHash } from 'node:crypto';
import type { ClientBase, PoolClient, QueryResult } from 'pg';
import { postgresDialect } from './dialect.ts';
import { asDatabaseError } from './postgres-errors.ts';
import { tables } from './schema-registry.ts';
import { type CompiledStatement, compileStatement, type Statement, type Values } from './statement.ts';

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

interface Named extends CompiledStatement {
  readonly name: string;
}

/** By the statement's index; `inserts` tell the number of the row that they add. */
const compiled: { readonly plain: Named[]; readonly inserts: Named[] } = { plain: [], inserts: [] };

const directClients = new WeakSet<ClientBase>();

/** Sets up a connection that was just opened: whether it is direct, and if so its limits. */
export async function prepareClient(client: ClientBase, timeouts: PostgresTimeouts): Promise<void> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  if (!('processID' in client) || client.processID !== rows[0]?.pid) return;
  await client.query(limits('set', timeouts));
  directClients.add(client);
}

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
  readonly #client: PoolClient;
  readonly #timeouts: PostgresTimeouts;

  constructor(client: PoolClient, timeouts: PostgresTimeouts) {
    this.#client = client;
    this.#timeouts = timeouts;
    this.isDirect = directClients.has(client);
  }

  async rows<P extends Values, R>(statement: Statement<P, R>, values: P): Promise<R[]> {
    const { rows } = await this.#execute(compiled.plain, '', statement, values);
    return rows as R[];
  }

  async run<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number> {
    return (await this.#execute(compiled.plain, '', statement, values)).rowCount ?? 0;
  }

  /** Adds a row; its number where the table has a sequence. Undefined where a conflict kept it out. */
  async insert<P extends Values>(statement: Statement<P, unknown>, values: P): Promise<number | undefined> {
    const ending = hasSequence(statement) ? postgresDialect.returningSequence : '';
    const { rows, rowCount } = await this.#execute(compiled.inserts, ending, statement, values);
    if (rowCount === 0) return undefined;
    const [row]: { readonly seq?: number }[] = rows;
    return row?.seq ?? 0;
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

  async #execute<P extends Values>(
    known: Named[],
    ending: string,
    statement: Statement<P, unknown>,
    values: P,
  ): Promise<QueryResult> {
    let named = known[statement.index];
    if (named === undefined) {
      const made = compileStatement(statement, postgresDialect.compiler);
      const sql = made.sql + ending;
      named = { ...made, sql, name: `roster_${createHash('sha256').update(sql).digest('base64url')}` };
      known[statement.index] = named;
    }
    const query = { text: named.sql, values: named.bind(values) };
    return this.#send(this.isDirect ? { ...query, name: named.name } : query);
  }

  async #send(query: { text: string; values?: unknown[]; name?: string }): Promise<QueryResult> {
    try {
      return await this.#client.query(query);
    } catch (error) {
      throw asDatabaseError(error);
    }
  }
}

function lockLimit(lockMs: number): string {
  return `set local lock_timeout = ${lockMs}`;
}

function hasSequence({ node }: Pick<Statement<Values, unknown>, 'node'>): boolean {
  const table = node.kind === 'InsertQueryNode' ? node.into?.table.identifier.name : undefined;
  const rule = Object.entries(tables).find(([name]) => name === table)?.[1];
  return rule !== undefined && 'seq' in rule.columns;
}
