/** The tables of the search of users, as queries see them (decision 0031), and the marks for its job and for that of the archive. */
export interface SearchTables {
  search_blocks: {
    org_key: number;
    /** The sequence number of its first user, and its name in `search_leaves`. */
    first_seq: number;
    last_seq: number;
    /** How many users it had when it was built. */
    users: number;
    /** Moves with every change of its leaves. */
    version: number;
  };
  search_leaves: {
    org_key: number;
    block: number;
    /** The first token of the leaf. */
    token: number;
    entries: Uint8Array;
  };
  search_changes: {
    org_key: number;
    user_id: string;
    seq: number;
    /** The search text that the block of the user knows; empty where it knows none. */
    former_text: string;
  };
  job_marks: {
    org_key: number;
    /** The job that has to look at the organization (`MarkedJob`). */
    job: string;
  };
}
