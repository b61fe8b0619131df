/**
 * The progress of an import, and the rows that it refused. Both are written in the transaction that adds the users, so
 * an import that is killed at any moment resumes exactly where it stopped. Neither holds personal data: a refused row
 * is known by the number of its line, and the line itself stays in the file.
 */
import type { FieldFaultCode } from '../errors.ts';

export interface ImportProgress {
  /** SHA-256 in hex of the name of the import: its input, or a name that the operator gives. */
  readonly id: string;
  /** How many bytes of the input are done: the next row begins there. */
  readonly bytes: number;
  /** How many lines are done. */
  readonly lines: number;
  /** SHA-256 in hex of the bytes that are done. It shows whether an input is the same as before. */
  readonly digest: string;
  readonly imported: number;
  readonly rejected: number;
  /** How many rows said nothing, and were neither imported nor rejected. */
  readonly skipped: number;
  /** How many of the imported users have no password because their hash is not supported. */
  readonly withoutPassword: number;
  /** How long the import has worked, over all its runs. */
  readonly elapsedMs: number;
  readonly startedAt: number;
  /** The end of the import; null until then. */
  readonly finishedAt: number | null;
}

/**
 * Why a row was refused. Beside the faults of fields: `malformed` is not in the format, `not_utf8` is not a text,
 * `wrong_columns` has more or fewer fields than the header, `unknown_column` names a column that does not exist, and
 * `unsupported` is a password hash whose kind or cost Roster does not verify.
 */
export type RejectReason =
  | FieldFaultCode
  | 'malformed'
  | 'not_utf8'
  | 'wrong_columns'
  | 'unknown_column'
  | 'unsupported';

/** One fault of a row; a row may have several. */
export interface RowFault {
  /** The column; empty where the whole row is wrong. */
  readonly field: string;
  readonly reason: RejectReason;
}

export interface Reject extends RowFault {
  /** The line of the input where the row begins; the first line is 1. */
  readonly line: number;
}

export interface ImportStore {
  /** The import with that id, locked against other changes until the transaction ends. */
  lock(id: string): Promise<ImportProgress | null>;
  /** Stores the begin of an import. Refuses with `wrong_state` where another process has begun it. */
  insert(progress: ImportProgress): Promise<void>;
  /** Writes the progress of a locked import. */
  update(progress: ImportProgress): Promise<void>;
  addRejects(id: string, rejects: readonly Reject[]): Promise<void>;
  /** The next rejects after one of them (null: from the start), by line and field. */
  listRejects(id: string, after: Reject | null, limit: number): Promise<readonly Reject[]>;
  /** Deletes the rejects up to and including that line. */
  deleteRejects(id: string, lastLine: number): Promise<void>;
}
