/**
 * What can go wrong between Roster and PostgreSQL, by what is to be done about it: nothing more on this connection,
 * the same once more, or once more and alone.
 */

/**
 * The connection failed or nobody answered in time; whether the last statement was carried out is not known. Its
 * code is the class of such errors in PostgreSQL itself.
 */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
  readonly code = '08006';
  /** Nobody answered: another try would take as long again. */
  readonly isTimeout: boolean;

  constructor(cause: unknown) {
    super('the connection to the database was lost', { cause });
    this.isTimeout = cause instanceof Error && /time/i.test(cause.message);
  }
}

/** What the client library throws, as an error of the server or of the connection. */
export function asDatabaseError(error: unknown): unknown {
  return error instanceof Error && ('severity' in error || error instanceof ConnectionLostError)
    ? error
    : new ConnectionLostError(error);
}

/** Whether the connection is of no more use: it broke, or the server is ending it. */
export function isConnectionEnding(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return true;
  return error instanceof Error && 'code' in error && /^57P0[123]$/.test(String(error.code));
}

const lockTimeout = '55P03';
/** A deadlock, a transaction that lost against others, a lock that was not had in time. */
const obstacles = new Set(['40P01', '40001', lockTimeout]);

/** A commit was sent and not answered. */
export class UnknownOutcomeError extends Error {
  override readonly name = 'UnknownOutcomeError';
  readonly code = '08007';
}

/** Somebody else was in the way. */
export function isObstacle(error: unknown): boolean {
  return error instanceof Error && 'code' in error && obstacles.has(String(error.code));
}

/** A lock was not had in time: it has been waited for already. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === lockTimeout;
}

/** Nothing has happened, and trying again may well succeed. A database that does not answer is not asked twice. */
export function isRepeatable(error: unknown): boolean {
  if (error instanceof ConnectionLostError) return !error.isTimeout;
  return isConnectionEnding(error) || isObstacle(error);
}
