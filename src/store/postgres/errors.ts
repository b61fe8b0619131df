/**
 * The errors between Roster and PostgreSQL, by what the caller can do next: give up the connection, retry, or retry in
 * a transaction of its own.
 */
import { errorCodeOf } from '../../core/error-code.ts';

/**
 * The connection failed, or the server did not answer in time. Whether the last statement was executed is unknown. The
 * code is PostgreSQL's own class of such errors.
 */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = '08006';
  /** The server did not answer in time. A retry would take as long again. */
  readonly isTimeout: boolean;

  constructor(cause: unknown) {
    super('the connection to the database was lost', { cause });
    this.isTimeout = cause instanceof Error && /time/i.test(cause.message);
  }
}

/** Converts what the client library throws to an error of the server or of the connection. */
export function asDatabaseError(error: unknown): unknown {
  return error instanceof Error && ('severity' in error || error instanceof ConnectionLostError)
    ? error
    : new ConnectionLostError(error);
}

/** The code of a change on a server that takes none: it is a standby, or has become read-only. */
export const readOnlyServer = '25006';

/**
 * The server ends the session: it shuts down, it has crashed, or the session, or a transaction of it, was idle or open for
 * longer than a limit allows. Or it takes no changes any more. Or the pooler does not keep named statements any more.
 */
const sessionEnds = /^(57P0[12345]|25P0[34]|25006|26000|42P05)$/;

/** Whether the connection can no longer be used: it broke, or the server is ending it. */
export function isConnectionEnding(error: unknown): boolean {
  return error instanceof ConnectionLostError || sessionEnds.test(errorCodeOf(error));
}

const lockTimeout = '55P03';
/** A deadlock, a transaction that lost against another one, a lock that could not be acquired in time. */
const lockConflicts = new Set(['40P01', '40001', lockTimeout]);

/** A commit was sent, and not answered or not confirmed by the synchronous standby. */
export class UnknownOutcomeError extends Error {
  override readonly name = 'UnknownOutcomeError';
  readonly code = '08007';
}

/** A statement needs a machine of a distributed database that is away. It was not sent. */
export class MachineAwayError extends Error {
  override readonly name = 'MachineAwayError';
  readonly code = '08001';

  constructor(machines: readonly string[]) {
    super(`a machine of the database is away: ${machines.join(', ')}`);
  }
}

/** The server could not reach another machine, or had no answer within the limit of a statement: a machine may be away. */
const lostMachine = /^(08|57014)/;

/** Whether a machine behind the server may be the cause. The connection to the server itself is sound. */
export function mayBeMachine(error: unknown): boolean {
  const isOfServer = error instanceof Error && 'severity' in error;
  return error instanceof MachineAwayError || (isOfServer && lostMachine.test(errorCodeOf(error)));
}

/** Whether the statement failed because of another transaction. */
export function isLockConflict(error: unknown): boolean {
  return lockConflicts.has(errorCodeOf(error));
}

/** Whether a lock could not be acquired in time: the caller has waited for it already. */
export function isLockTimeout(error: unknown): boolean {
  return errorCodeOf(error) === lockTimeout;
}

/** Whether nothing has happened and a retry may succeed. A database that does not answer is not asked twice. */
export function isRepeatable(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return !error.isTimeout;
  return isConnectionEnding(error) || isLockConflict(error);
}
