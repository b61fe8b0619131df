/**
 * What the directory has of one person, as an export reads it: tables, and for each column whether it is handed out. The
 * store implements the port from its registry of columns, so that no column can be left out.
 */

export type Cell = string | number | null;

/** A row by column. Instants are epoch milliseconds, flags 0 and 1. */
export type PersonRow = Readonly<Record<string, Cell>>;

/**
 * What an export does with a column. `held`: the directory has it, and does not hand it out, for the reason given. `opened`: a
 * sealed text of which some parts are shown, and the others held. `own`: an id, which is held where it is another user's.
 */
export type Disclosure =
  | { readonly as: 'value' | 'time' | 'flag' }
  | { readonly as: 'held' | 'opened' | 'own'; readonly why: string };

/**
 * How the rows of a table name the person: by the user id, by a keyed digest of the person's id or addresses, by the id of a
 * connection, or as the subject or the actor of an audit event.
 */
export type NamedBy = 'user' | 'digest' | 'connection' | 'record';

export interface PersonTable {
  readonly name: string;
  readonly namedBy: NamedBy;
  /** The columns that say something about the person, in their order. */
  readonly columns: Readonly<Record<string, Disclosure>>;
}

/** Rows of a table, and the value after which the next ones follow; null at the end. */
export interface PersonRows {
  readonly rows: readonly PersonRow[];
  readonly next: Cell;
}

export interface PersonDataStore {
  /** Every table that can have rows about a user. */
  readonly tables: readonly PersonTable[];
  /**
   * At most `limit` rows that have that name, after the value `after` (null: from the start). Not for tables that name
   * the person by `record`: the audit log reads them. Columns that are held are not read.
   */
  list(
    table: string,
    wanted: { readonly name: string; readonly after: Cell; readonly limit: number },
  ): Promise<PersonRows>;
}
