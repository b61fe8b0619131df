/** The port through which jobs write to the log. Entries hold only ids and codes, no personal data. */
export interface Journal {
  /** An expected event, also a failure of a service outside. */
  note(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** A condition that the operator can mend. */
  warn(event: string, fields: Readonly<Record<string, string | number>>): void;
  /** A fault of ours; the work is retried. */
  fault(event: string, error: unknown): void;
}
