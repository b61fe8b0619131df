/** The codes of errors that are no refusals: of the system, of SQLite and of PostgreSQL. */

/** The code of the error, such as `ENOENT`; empty where it has none. */
export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
