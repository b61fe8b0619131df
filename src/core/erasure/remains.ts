/**
 * The remains that a database leaves in its own files: former versions of rows in its write-ahead log, and copies of
 * deleted rows in unallocated space. The port to the room of the store that knows these files.
 */
export interface Remains {
  /**
   * Empties the log of what was deleted before. False where a connection still reads a former state: the caller retries
   * later.
   */
  flush(): Promise<boolean>;
  /**
   * Searches unallocated space for the traces, each at least four bytes long, and overwrites what is found. Returns the
   * traces that are still there: the caller retries later. Called after a `flush`.
   */
  clear(traces: ReadonlySet<string>): Promise<ReadonlySet<string>>;
}

/** Of a database whose files Roster cannot read. */
export const noRemains: Remains = {
  flush: async () => true,
  clear: async () => new Set(),
};
