/** Where jobs tell what they did: the port to the log. What is told holds bare ids and codes, no personal data. */
export interface Journal {
  /** Something happened as it should, or as the outside world would have it. */
  note(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** Something of ours went wrong; the work is tried again. */
  fault(event: string, error: unknown): void;
}
