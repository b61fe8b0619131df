/**
 * Combines deletions and updates of units that run at the same time in one transaction. Those that the event loop has ready
 * go to the server together, and those of one statement and one organization as one statement. No two of these units are
 * about the same row, so it does not matter which changes first.
 */
import type { Statement, Values } from '../../sql/statement.ts';
import type { PostgresConnection } from '../connection.ts';
import { type SharedChange, sharedChangeOf } from '../shared-change.ts';

type ChangedRows = Record<string, unknown>[];

interface Waiting extends PromiseWithResolvers<ChangedRows> {
  readonly values: Values;
}

interface Group {
  readonly form: SharedChange;
  readonly statement: Statement<Values, unknown>;
  readonly orgKey: number;
  /** Those who name the same row, in their order. */
  readonly byName: Map<string, Waiting[]>;
}

export class SharedChanges {
  readonly #connection: PostgresConnection;
  #groups = new Map<string, Group>();
  #isWaiting = false;

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** The rows that the change returns, one for each changed row; null where the statement cannot be shared. */
  rows(statement: Statement<Values, unknown>, values: Values): Promise<ChangedRows> | null {
    // Of several mailboxes, one may be counted on a machine that is away.
    const form = this.#connection.isPartial ? null : sharedChangeOf(statement);
    const changed = form?.nameOf(values) ?? null;
    if (form === null || changed === null) return null;
    const { orgKey, name } = changed;
    const key = `${statement.index} ${orgKey}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { form, statement, orgKey, byName: new Map() };
      this.#groups.set(key, group);
    }
    const waiting = { values, ...Promise.withResolvers<ChangedRows>() };
    const named = group.byName.get(name);
    if (named === undefined) group.byName.set(name, [waiting]);
    else named.push(waiting);
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      setImmediate(() => this.#send());
    }
    return waiting.promise;
  }

  #send(): void {
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    this.#isWaiting = false;
    for (const group of groups) {
      void this.#sendFirst(group);
      for (const [, ...others] of group.byName.values())
        for (const each of others) this.#sendAlone(group, each);
    }
  }

  async #sendFirst({ form, statement, orgKey, byName }: Group): Promise<void> {
    const changes = [...byName].flatMap(([name, [first]]) => (first === undefined ? [] : [{ name, first }]));
    const [only] = changes;
    if (changes.length === 1 && only !== undefined) {
      this.#sendAlone({ statement }, only.first);
      return;
    }
    try {
      const bound = form.bind(
        orgKey,
        changes.map(({ name, first }) => [name, first.values]),
      );
      const found = await this.#connection.changeNamed(bound);
      for (const { name, first } of changes) first.resolve(found.get(name) ?? []);
    } catch (error) {
      for (const { first } of changes) first.reject(error);
    }
  }

  #sendAlone({ statement }: Pick<Group, 'statement'>, { values, resolve, reject }: Waiting): void {
    this.#connection.changedRows(statement, values).then(resolve, reject);
  }
}
