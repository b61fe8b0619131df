/**
 * How far an import has come, and what it left out. Both are written in the transaction that adds the users, so
 * an import that is killed at any moment goes on exactly where it stopped. Neither holds anything of a person:
 * what was refused is known by its line, and the line itself stays in the file.
 */
import type { FieldFaultCode } from '../errors.ts';

export interface ImportProgress {
  /** SHA-256 in hex of what names the import: its input, or a name that somebody gave it. */
  readonly id: string;
  /** How many bytes of the input are done: where the next row begins. */
  readonly bytes: number;
  /** How many lines those are. */
  readonly lines: number;
  /** SHA-256 of those bytes in hex, by which the rest of another input is told. */
  readonly digest: string;
  readonly imported: number;
  readonly rejected: number;
  /** How long the import has worked, over all its runs. */
  readonly elapsedMs: number;
  readonly startedAt: number;
  /** When the whole input was done; null until then. */
  readonly finishedAt: number | null;
}

/**
 * Why a row was refused. Beside the faults of fields: `malformed` is not of the format, `not_utf8` not a text,
 * `wrong_columns` has more or fewer fields than the header, `unknown_column` names a column that there is not,
 * and `unsupported` is a password hash of a kind, or a cost, that is not verified here.
 */
export type RejectReason =
  | FieldFaultCode
  | 'malformed'
  | 'not_utf8'
  | 'wrong_columns'
  | 'unknown_column'
  | 'unsupported';

/** One thing that is wrong with a row; a row may have several. */
export interface RowFault {
  /** The column, or empty where the row as a whole is wrong. */
  readonly field: string;
  readonly reason: RejectReason;
}

export interface Reject extends RowFault {
  /** Where the row begins in the input; the first line is 1. */
  readonly line: number;
}

export interface ImportStore {
  /** The import of that id, held against other changes until the transaction ends. */
  lock(id: string): Promise<ImportProgress | null>;
  /** Keeps the beginning of an import. Refuses with `wrong_state` where somebody else was quicker. */
  insert(progress: ImportProgress): Promise<void>;
  /** Moves on an import that is held. */
  update(progress: ImportProgress): Promise<void>;
  addRejects(id: string, rejects: readonly Reject[]): Promise<void>;
  /** The next rejects after one of them (null: from the start), by line and field. */
  listRejects(id: string, after: Reject | null, limit: number): Promise<readonly Reject[]>;
  /** Forgets the rejects up to and with that line. */
  deleteRejects(id: string, lastLine: number): Promise<void>;
}
