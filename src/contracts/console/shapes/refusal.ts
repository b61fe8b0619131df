/** The answer of the console's API to a call that it refuses, as the server writes and the pages read it. */

/** What is wrong with one field: a code for programs, and a sentence in English. */
export interface FieldRefusal {
  readonly fault: string;
  readonly message: string;
  readonly min?: number;
  readonly max?: number;
}

export interface RefusalBody {
  readonly error: {
    /** Such as `fresh_factor_required`, from the closed lists of the server. */
    readonly code: string;
    /** A sentence in English: what happened, then what to do. */
    readonly message: string;
    /** By the name of the field; only with `invalid_fields`. */
    readonly fields?: Readonly<Record<string, FieldRefusal>>;
    /** When it is worth a retry. */
    readonly retryAfterSeconds?: number;
  };
}
