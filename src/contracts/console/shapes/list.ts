/** A page of a list, as the server writes and the pages read it. */
export interface ListAnswer<T> {
  readonly total: number;
  /** False where there are at least `total`; the list ends there. */
  readonly isExact: boolean;
  /** From 1. */
  readonly page: number;
  readonly pages: number;
  readonly pageSize: number;
  readonly items: readonly T[];
}
